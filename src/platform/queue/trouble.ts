/** Says once that something is wrong and once that it is over, however often it is noticed in between: an outage is one event, not a flood. */
export class Trouble {
  private troubled = false;

  constructor(private readonly say: { begins(error: unknown): void; ends(): void }) {}

  noticed(error: unknown): void {
    if (this.troubled) return;
    this.troubled = true;
    this.say.begins(error);
  }

  over(): void {
    if (!this.troubled) return;
    this.troubled = false;
    this.say.ends();
  }
}
