// A place where a call is held: a test waits until somebody has come, and lets him go on when it wants.
export class Gate {
    constructor() {
        this.open = new Promise((resolve) => { this.release = resolve; });
        this.reached = new Promise((resolve) => { this.arrive = resolve; });
    }

    /** The mood of a call that is held here: before it is acted on, or (`hold`) after. */
    mood(where = 'hold') {
        this.arrive();
        return { [where]: this.open };
    }
}
