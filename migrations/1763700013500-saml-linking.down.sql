ALTER TABLE saml_answer DROP COLUMN session_id, DROP COLUMN account_id;
