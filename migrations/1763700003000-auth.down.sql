DROP TABLE api_key;
DROP TABLE operator_token;
DROP TABLE operator;
