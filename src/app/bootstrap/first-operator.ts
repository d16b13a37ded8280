import { AppError } from '../../kernel/errors.js';
import type { AuditActor } from '../../modules/audit/audit.contract.js';
import { OperatorAdministration } from '../../modules/auth/auth.contract.js';
import { OrganisationAdministration } from '../../modules/tenants/tenants.contract.js';
import type { Providers } from '../lethe.js';

/** The account that is there from the start. */
const OPERATOR = 'operator';

/** The installation's own organisation and its first operator. Answers a fresh token; tokens nobody can have seen stop working. */
export async function setUpFirstOperator(providers: Providers, actor: AuditActor): Promise<string> {
  const tenants = providers.get(OrganisationAdministration);
  if (!(await tenants.findOperatorOrganisation())) {
    await tenants.createOrganisation({ slug: 'operator', name: 'Operator', kind: 'operator' }, actor);
  }
  try {
    return (await providers.get(OperatorAdministration).createOperator(OPERATOR, actor)).token;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'auth/operator_name_taken') throw error;
    return renewOperatorToken(providers, actor);
  }
}

/** A new token in place of all the first operator has. */
export async function renewOperatorToken(providers: Providers, actor: AuditActor): Promise<string> {
  const operators = providers.get(OperatorAdministration);
  await operators.revokeTokens(OPERATOR, actor);
  return (await operators.issueToken(OPERATOR, actor)).token;
}
