/** The network as a tree that a keyboard walks: layers "L", neurons "L.J", incoming weights "L.J.I" and "L.J.b". */

export interface Place {
  layer: number;
  neuron?: number;
  input?: number | "b";
}

export function parse(id: string): Place {
  const [layer, neuron, input] = id.split(".");
  return {
    layer: Number(layer),
    neuron: neuron === undefined ? undefined : Number(neuron),
    input: input === undefined || input === "b" ? (input as "b" | undefined) : Number(input),
  };
}

export function name({ layer, neuron, input }: Place): string {
  return [layer, neuron, input].filter((part) => part !== undefined).join(".");
}

/** How many stand beside `place`, and at which of them it is. */
export function among(place: Place, sizes: number[]): { index: number; count: number } {
  if (place.neuron === undefined) return { index: place.layer, count: sizes.length };
  if (place.input === undefined) return { index: place.neuron, count: sizes[place.layer] };
  const inputs = sizes[place.layer - 1];
  return { index: place.input === "b" ? inputs : place.input, count: inputs + 1 };
}

function sibling(place: Place, index: number, sizes: number[]): Place {
  if (place.neuron === undefined) return { layer: index };
  if (place.input === undefined) return { layer: place.layer, neuron: index };
  return { ...place, input: index === sizes[place.layer - 1] ? "b" : index };
}

function child({ layer, neuron }: Place): Place | null {
  if (neuron === undefined) return { layer, neuron: 0 };
  return layer > 0 ? { layer, neuron, input: 0 } : null;
}

function parent({ layer, neuron, input }: Place): Place | null {
  if (input !== undefined) return { layer, neuron };
  return neuron === undefined ? null : { layer };
}

/** Where a key leads from `id`; the same id where it leads nowhere, null if the tree has no use for the key. */
export function walk(id: string, key: string, sizes: number[]): string | null {
  const place = parse(id);
  const { index, count } = among(place, sizes);
  switch (key) {
    case "ArrowDown": return name(sibling(place, Math.min(count - 1, index + 1), sizes));
    case "ArrowUp": return name(sibling(place, Math.max(0, index - 1), sizes));
    case "Home": return name(sibling(place, 0, sizes));
    case "End": return name(sibling(place, count - 1, sizes));
    case "ArrowRight": {
      const inner = place.input === undefined ? child(place) : null;
      return inner === null ? id : name(inner);
    }
    case "ArrowLeft": return name(parent(place) ?? place);
    default: return null;
  }
}

/** Whether `id` names something that a network of these sizes has. */
export function exists(id: string, sizes: number[]): boolean {
  const place = parse(id);
  if (!(place.layer < sizes.length)) return false;
  if (place.neuron === undefined) return true;
  if (!(place.neuron < sizes[place.layer])) return false;
  if (place.input === undefined) return true;
  return place.layer > 0 && (place.input === "b" || place.input < sizes[place.layer - 1]);
}

/** What a layer is called. */
export function layerName(layer: number, layers: number): string {
  if (layer === 0) return "Inputs";
  return layer === layers - 1 ? "Output" : `Hidden ${layer}`;
}
