DROP TABLE organisation_policy;
DROP TABLE policy_in_force;
