/** The time, for texts that grow old: moves once a minute. */
class Clock {
  now = $state.raw(new Date());

  constructor() {
    setInterval(() => (this.now = new Date()), 60_000);
  }
}

export const clock = new Clock();
