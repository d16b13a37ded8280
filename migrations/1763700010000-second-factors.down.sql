DROP TABLE totp_attempt;
DROP TABLE webauthn_challenge;
DROP TABLE recovery_code;
DROP TABLE webauthn_credential;
DROP TABLE totp_factor;
