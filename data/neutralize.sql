-- A copied database can never message real people.
UPDATE discom_whatsapp_account
   SET access_token = NULL,
       app_secret = NULL,
       verify_token = NULL,
       webhook_key = gen_random_uuid()::text,
       state = 'halted',
       halt_reason = 'This database is a copy: enter the credentials of a test number to send from it.';

UPDATE ir_cron
   SET active = FALSE
 WHERE id IN (SELECT cron_id FROM discom_whatsapp_account WHERE cron_id IS NOT NULL);

UPDATE discom_whatsapp_message
   SET state = 'cancelled'
 WHERE direction = 'out'
   AND state IN ('queued', 'in_flight', 'unknown');

UPDATE discom_whatsapp_broadcast
   SET state = 'cancelled'
 WHERE state IN ('planning', 'sending', 'paused');

UPDATE res_company
   SET discom_sms_url = NULL,
       discom_sms_key = NULL;

UPDATE discom_whatsapp_account SET fallback = 'none';

DELETE FROM ir_config_parameter WHERE key = 'discom.metrics_token';
