DROP TABLE call_payload, call_failed_input, call_granted_content;
DROP TABLE troubleshooting_grant;
DROP TABLE content_setting;
DROP TABLE content_key;
-- Other databases of the cluster may use the role; here it has nothing left.
REVOKE USAGE ON SCHEMA public FROM lethe_content;
