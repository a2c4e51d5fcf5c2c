/** One line per step with its time. */
export class Steps {
  #name
  #began = performance.now()
  #last = this.#began
  #count = 0

  constructor(name) {
    this.#name = name
  }

  /** Says that a step holds, and how long it took. */
  done(what) {
    const now = performance.now()
    this.#count += 1
    const number = String(this.#count).padStart(2)
    const millis = (now - this.#last).toFixed(2).padStart(8)
    console.log(`${number}. ${millis} ms  ${what}`)
    this.#last = now
  }

  /** Shows what a step made. */
  show(text) {
    for (const line of text.replace(/\n$/, '').split('\n')) console.log(`        | ${line}`)
  }

  /** Says that every step held. */
  finish() {
    const millis = (performance.now() - this.#began).toFixed(0)
    console.log(`${this.#name}: ok, ${this.#count} steps in ${millis} ms`)
  }
}
