import { errorCatalogue } from '../../kernel/errors.js';

/** None of these repeats what an identity provider sent. */
export const samlErrors = errorCatalogue('saml', {
  response_refused: { status: 400, message: 'The answer of the identity provider was refused. Sign in again, or ask your administrator.' },
  response_too_large: { status: 413, message: 'The answer of the identity provider is larger than 256 kB.' },
  metadata_refused: { status: 400, message: 'This is not metadata of a SAML 2.0 identity provider that can be used here.' },
  metadata_unreachable: { status: 400, message: 'The metadata could not be fetched from this address.' },
});

/** Why an answer was refused: for the administrator who sets a provider up, never a part of what was sent. */
export type SamlRefusal =
  | 'not_xml'
  | 'forbidden_markup'
  | 'too_deep'
  | 'too_many_elements'
  | 'not_a_response'
  | 'status_not_success'
  | 'encrypted_assertion'
  | 'not_one_assertion'
  | 'misplaced_assertion'
  | 'misplaced_signature'
  | 'ambiguous_id'
  | 'unsigned'
  | 'algorithm_not_allowed'
  | 'signature_invalid'
  | 'wrong_issuer'
  | 'wrong_destination'
  | 'wrong_recipient'
  | 'wrong_audience'
  | 'wrong_request'
  | 'not_yet_valid'
  | 'expired'
  | 'no_subject'
  | 'malformed_assertion'
  | 'unknown_condition'
  | 'replayed'
  | 'unsolicited';
