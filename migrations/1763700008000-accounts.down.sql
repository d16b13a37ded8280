DROP TABLE account_closure;
DROP TABLE sign_in_pressure;
DROP TABLE account_ticket;
DROP TABLE account_session;
DROP TABLE account_password;
DROP TABLE account;
