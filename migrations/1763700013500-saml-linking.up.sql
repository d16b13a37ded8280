-- The account that links the identity an answer speaks of, and the session it is signed in with, as `federation_attempt` has them: whoever signs out
-- everywhere shuts out a stranger who had begun to link.
ALTER TABLE saml_answer
  ADD COLUMN account_id uuid REFERENCES account (id) ON DELETE CASCADE,
  ADD COLUMN session_id uuid REFERENCES account_session (id) ON DELETE CASCADE,
  ADD CONSTRAINT saml_answer_linking CHECK ((account_id IS NULL) = (session_id IS NULL));
CREATE INDEX saml_answer_by_session ON saml_answer (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX saml_answer_by_account ON saml_answer (account_id) WHERE account_id IS NOT NULL;
