DROP TABLE scim_group_member;
DROP TABLE scim_group;
DROP TABLE scim_user;
DROP TABLE scim_account;
DROP TABLE scim_token;
DROP TABLE saml_assertion;
DROP TABLE saml_answer;
