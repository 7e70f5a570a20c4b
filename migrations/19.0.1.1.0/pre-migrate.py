def migrate(cr, _version):
    """Keep the newest of several codes that a consumer could still type; one is allowed now."""
    cr.execute(
        """
        UPDATE discom_kyc_code code SET state = 'void'
         WHERE state = 'sent' AND EXISTS (
                   SELECT FROM discom_kyc_code later
                    WHERE later.partner_id = code.partner_id AND later.state = 'sent'
                      AND later.id > code.id)
        """
    )
