-- What is wrong in the dump of 19.0.1.0.0 after it was updated, a line each; none when all is right.
-- Before it was written, one bill that had been read was cancelled, and the parameter of days was set to 730.
SELECT 'issued without a date: ' || name FROM discom_bill
 WHERE issued_date IS NULL AND state IN ('issued', 'partial', 'paid', 'overdue')
 UNION ALL
SELECT 'cancelled after it was issued, without a date: ' || name FROM discom_bill
 WHERE issued_date IS NULL AND state = 'cancelled'
 UNION ALL
SELECT 'a draft with a date: ' || name FROM discom_bill
 WHERE issued_date IS NOT NULL AND state IN ('draft', 'checked')
 UNION ALL
SELECT 'webhook calls are kept for days: ' || keep_days FROM discom_retention_rule
 WHERE what = 'event' AND keep_days <> 730
 UNION ALL
SELECT 'no rule on how long webhook calls are kept'
 WHERE NOT EXISTS (SELECT FROM discom_retention_rule WHERE what = 'event')
 UNION ALL
SELECT 'a parameter that nothing reads: ' || key FROM ir_config_parameter
 WHERE key = 'discom.whatsapp_event_retention_days'
 UNION ALL
SELECT 'a file of ours as text: ' || name FROM ir_attachment
 WHERE res_model LIKE 'discom.%' AND index_content IS NOT NULL
 UNION ALL
SELECT 'a person whom everyone sees: ' || person.id FROM res_partner person
 WHERE person.discom_person IS NOT TRUE AND person.discom_consumer IS NOT TRUE
   AND person.is_company IS NOT TRUE AND person.partner_share
   AND EXISTS (SELECT FROM res_partner connection
                WHERE connection.parent_id = person.id AND connection.discom_consumer)
