import type { INestApplicationContext } from '@nestjs/common';
import { kernelErrors } from '../kernel/errors.js';
import type { OrganisationId, ProjectId } from '../kernel/ids.js';
import { OrganisationAdministration } from '../modules/tenants/tenants.contract.js';

/** The organisation a command names by its slug. */
export async function organisationId(application: INestApplicationContext, slug: string): Promise<OrganisationId> {
  const organisation = await application.get(OrganisationAdministration).findOrganisation(slug);
  if (!organisation) throw kernelErrors.not_found({ message: `There is no organisation "${slug}".` });
  return organisation.id;
}

/** The project a command names within an organisation. */
export async function projectId(application: INestApplicationContext, owner: OrganisationId, name: string): Promise<ProjectId> {
  const project = await application.get(OrganisationAdministration).findProject(owner, name);
  if (!project) throw kernelErrors.not_found({ message: `The organisation has no project "${name}".` });
  return project.id;
}
