ALTER TABLE organisation DROP COLUMN second_factor_required, DROP COLUMN member_networks;
DROP TABLE membership;
DROP FUNCTION membership_keeps_an_owner();
