import { All, Controller, Get, Param } from '@nestjs/common';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import { LIST_MESSAGE } from '../../core/scim/scim-names.js';
import { scimErrors } from '../../scim.errors.js';
import type { Resource } from './scim-resources.js';
import { ScimRoute } from './scim-route.js';
import { resourceTypes, schemas, serviceProviderConfig } from './scim-schemas.js';

/** What the SCIM API says of itself (RFC 7644 §4). */
@Controller('scim/v2')
export class ScimServiceController {
  private readonly base: string;

  constructor(settings: Settings) {
    this.base = `${publicUrl(settings)}/scim/v2`;
  }

  @Get('ServiceProviderConfig')
  @ScimRoute()
  configuration(): Resource {
    return serviceProviderConfig(this.base);
  }

  @Get('ResourceTypes')
  @ScimRoute()
  types(): Resource {
    return listOf(resourceTypes(this.base));
  }

  @Get('ResourceTypes/:id')
  @ScimRoute()
  type(@Param('id') id: string): Resource {
    return oneOf(resourceTypes(this.base), id);
  }

  @Get('Schemas')
  @ScimRoute()
  schemas(): Resource {
    return listOf(schemas(this.base));
  }

  @Get('Schemas/:id')
  @ScimRoute()
  schema(@Param('id') id: string): Resource {
    return oneOf(schemas(this.base), id);
  }

  /** Whatever else a directory asks for is not there, and says so in the form it reads. */
  @All('*')
  @ScimRoute()
  nothing(): never {
    throw scimErrors.resource_not_found();
  }
}

function listOf(resources: readonly Resource[]): Resource {
  const count = resources.length;
  return { schemas: [LIST_MESSAGE], totalResults: count, startIndex: 1, itemsPerPage: count, Resources: resources };
}

function oneOf(resources: readonly Resource[], id: string): Resource {
  const found = resources.find((resource) => resource.id === id);
  if (found === undefined) throw scimErrors.resource_not_found();
  return found;
}
