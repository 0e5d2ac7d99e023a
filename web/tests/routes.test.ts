import { expect, test } from "vitest";
import { element, tables } from "../src/panels/inspector/routes";

function route(row: number, through: number) {
  return {
    product: 1,
    hops: [
      { from: "W1[0, 0]", to: `z1[${row}, 0]`, value: 1, says: "linear", neuron: "1.0" },
      { from: `z1[${row}, 0]`, to: `z2[${row}, ${through}]`, value: 1, says: "linear", neuron: `2.${through}` },
      { from: `z2[${row}, ${through}]`, to: "loss", value: 1, says: "∂loss/∂z2 = p - y", neuron: `2.${through}` },
    ],
  };
}

test("elements are a line and a place in it", () => {
  expect(element("z1[3, 0]")).toEqual({ line: "z1", place: [3, 0] });
  expect(element("loss")).toEqual({ line: "loss", place: [] });
});

test("routes of one make share a table, named by derivatives and rows", () => {
  const [table, ...others] = tables([route(3, 0), route(1, 0)]);
  expect(others).toEqual([]);
  expect(table.columns.map(({ name }) => name)).toEqual(["∂z1/∂W1", "∂z2/∂z1", "∂loss/∂z2"]);
  expect(table.rows.map(({ label }) => label)).toEqual(["row 3", "row 1"]);
});

test("the neurons between are named where routes differ in them", () => {
  expect(tables([route(0, 0), route(0, 1)])[0].rows.map(({ label }) => label)).toEqual(["row 0 by 2.0", "row 0 by 2.1"]);
});

test("routes of another make have a table of their own", () => {
  const other = { product: 1, hops: [{ from: "W1[0, 0]", to: "penalty", value: 1, says: "" }] };
  expect(tables([route(0, 0), other])).toHaveLength(2);
});
