/** The address that gives this run again. */

import { shared } from "../address";
import { state } from "../store";
import { CopyButton } from "./parts/CopyButton";
import { Modal } from "./parts/Modal";
import { isTable } from "./setup/Problems";

export function Share() {
  const address = shared(location, state.value?.address ?? {});
  const hasTable = isTable(String(state.value?.settings.problem ?? ""));
  return (
    <Modal name="share" title="Share these settings">
      <p>
        This address holds every setting that differs from its default, and the seed. Opened where <code>backlit live</code> runs
        on the same port, it gives the same network, the same rows and the same numbers.
      </p>
      <div class="with-button">
        <input id="shared-address" type="text" readonly aria-label="Address with the settings" value={address}
          onFocus={(event) => event.currentTarget.select()} />
        <CopyButton text={address} label="Copy" shownIn="shared-address" />
      </div>
      {hasTable && <p class="caution">Your table is not in it: whoever opens the address uploads the file too.</p>}
      <p class="hint">Weights and edited points are not in it either. The NumPy and PyTorch programs carry the weights.</p>
    </Modal>
  );
}
