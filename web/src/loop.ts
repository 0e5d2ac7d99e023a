/** One animation loop: asks for a frame from inside the callback, so that a page that is not seen asks for nothing. */

import * as store from "./store";
import type { Transport } from "./transport";

export function startLoop(transport: Transport): void {
  const turn = (): void => {
    if (store.state.value !== null) transport.askFrame(true);
    requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
}
