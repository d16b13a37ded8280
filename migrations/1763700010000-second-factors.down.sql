DROP TABLE second_factor_attempt;
DROP TABLE webauthn_challenge;
DROP TABLE recovery_code;
DROP TABLE webauthn_credential;
DROP TABLE totp_factor;
