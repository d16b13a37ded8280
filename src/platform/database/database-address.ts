/** Where the database is, for what needs a session of its own: one that outlasts every statement's bound, or one as the schema's owner. */
export class DatabaseAddress {
  constructor(
    /** Login of the application. A secret. */
    readonly url: string,
    /** Login that owns the schema; the same one where there are not two. A secret. */
    readonly ownerUrl: string,
  ) {}
}
