import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId, type OrganisationId, type ProjectId, type RouteId } from '../../../kernel/ids.js';
import { RouteTable, type TableRoute } from './route-table.js';

const own = newId<OrganisationId>();
const operator = newId<OrganisationId>();
const project = newId<ProjectId>();
const otherProject = newId<ProjectId>();
const caller = { organisationId: own, projectId: project };

function route(organisationId: OrganisationId, projectId: ProjectId | null, model: string): TableRoute {
  return { id: newId<RouteId>(), organisationId, projectId, model, targets: [{ id: newId(), credentialId: newId(), upstreamModel: null }] };
}

function tableOf(...routes: TableRoute[]): RouteTable {
  const table = new RouteTable();
  table.load(routes);
  return table;
}

describe('the route table', () => {
  it('R3: takes the project before the organisation before the operator, an exact name before a prefix, a longer prefix before a shorter', () => {
    const inOrder = [
      route(own, project, 'gpt-4o'),
      route(own, project, 'gpt-4*'),
      route(own, project, 'gpt-*'),
      route(own, null, 'gpt-4o'),
      route(own, null, 'gpt-4*'),
      route(own, null, '*'),
      route(operator, null, 'gpt-4o'),
      route(operator, null, 'gpt-*'),
    ];
    for (let first = 0; first < inOrder.length; first += 1) {
      expect(tableOf(...inOrder.slice(first).reverse()).find(caller, 'gpt-4o', operator)).toBe(inOrder[first]);
    }
    expect(tableOf(...inOrder).find(caller, 'claude', null)).toBe(inOrder[5]);
  });

  it("A3: another organisation's routes, another project's, and the operator's own projects' are never found", () => {
    const table = tableOf(route(newId(), null, '*'), route(own, otherProject, '*'), route(operator, project, '*'));
    expect(table.find(caller, 'gpt-4o', operator)).toBeNull();
    expect([...table.reachable(caller, operator)]).toEqual([]);
  });

  it("a prefix matches what begins with it, itself included, and a name of absurd length is nobody's", () => {
    const table = tableOf(route(own, null, 'gpt-*'));
    for (const model of ['gpt-', 'gpt-4o']) expect(table.find(caller, model, null)).not.toBeNull();
    for (const model of ['gpt', 'GPT-4o', 'a-gpt-4o', '', `gpt-${'x'.repeat(300)}`]) expect(table.find(caller, model, null)).toBeNull();
  });

  it('a name that passed to another route stays with it when its former owner is heard of later', () => {
    for (const model of ['gpt-4o', 'gpt-*']) {
      const [former, heir] = [route(own, null, model), route(own, null, 'other')];
      const table = tableOf(former, heir);
      table.replace(heir.id, { ...heir, model });
      table.replace(former.id, { ...former, model: 'elsewhere' });
      expect(table.find(caller, 'gpt-4o', null)?.id).toBe(heir.id);
    }
  });

  it('one route replaced after another, the table answers as one loaded with what is left', () => {
    const models = fc.constantFrom('a', 'a*', 'ab', 'ab*', 'abc', '*');
    const scopes = fc.constantFrom<[OrganisationId, ProjectId | null]>([own, null], [own, project], [own, otherProject], [operator, null]);
    const change = fc.record({ slot: fc.nat(5), scope: scopes, model: models, remove: fc.boolean() });
    const ids = Array.from({ length: 6 }, () => newId<RouteId>());
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const table = new RouteTable();
        const state = new Map<RouteId, TableRoute>();
        for (const { slot, scope, model, remove } of changes) {
          const id = ids[slot] as RouteId;
          const next = remove ? null : { ...route(...scope, model), id };
          // The database keeps one route for a place; a second one would have been refused.
          const taken = [...state.values()].some((each) => each.id !== id && next && placeOf(each) === placeOf(next));
          if (taken) continue;
          if (next) state.set(id, next);
          else state.delete(id);
          table.replace(id, next);
        }
        const fresh = tableOf(...state.values());
        for (const model of ['a', 'ab', 'abc', 'abcd', 'b'])
          expect(table.find(caller, model, operator)).toBe(fresh.find(caller, model, operator));
        expect(new Set(table.reachable(caller, operator))).toEqual(new Set(fresh.reachable(caller, operator)));
        for (const each of state.values()) expect(table.routeOfTarget(each.targets[0]?.id ?? '')).toBe(each.id);
      }),
    );
  });
});

function placeOf({ organisationId, projectId, model }: TableRoute): string {
  return `${organisationId} ${projectId} ${model}`;
}
