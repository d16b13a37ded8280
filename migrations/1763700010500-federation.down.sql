DROP TABLE federation_attempt, external_grant, external_identity, captured_domain, identity_provider;
