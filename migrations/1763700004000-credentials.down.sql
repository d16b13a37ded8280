DROP TABLE provider_credential;
