DROP TABLE password_recovery_code;
