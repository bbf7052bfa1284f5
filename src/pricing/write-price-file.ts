// A price file as text, for a person to go on with: YAML with the amounts of one cell on one line.
import { Document, isMap, isScalar, isSeq, visit } from "yaml";
import { formatFraction, multiply, parseFraction } from "./money.ts";
import {
  isPriceWord,
  type PriceAmount,
  type PriceCell,
  type PricedModel,
  type PriceFile,
  type PricePeriod,
  type PriceWord,
  type Unit,
  unitsOf,
  usdPerUnit,
} from "./price-file.ts";

/** Amounts of tokens come out in USD per million, whatever the file's unit was. */
export function writePriceFile(file: PriceFile): string {
  const unit = file.defaults?.unit ?? "mtok";
  const { defaults: _, ...rest } = file;
  const providers = file.providers.map((provider) => ({
    ...provider,
    models: provider.models.map((model) => inMillions(model, unit)),
  }));
  const document = new Document({ schema: 1, ...rest, providers }, { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_key, { key, value }) {
      const name = isScalar(key) ? String(key.value) : "";
      if (isMap(value) && name === "cells")
        for (const { value: cell } of value.items) if (isMap(cell)) cell.flow = true;
      if (isMap(value) && (name === "when" || name === "source" || name === "multipliers")) value.flow = true;
      if (isSeq(value) && name === "match") value.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function inMillions(model: PricedModel, unit: Unit) {
  return { ...model, prices: model.prices.map((period) => convert(period, unit)) };
}

type CellSet = Pick<PricePeriod, "cells" | "bands"> & { readonly windows?: PricePeriod["windows"] };

function convert(given: CellSet, unit: Unit): object {
  const { cells, bands, windows, ...rest } = given;
  return {
    ...rest,
    cells: convertCells(cells, unit),
    ...(bands && { bands: bands.map((band) => ({ ...band, cells: convertCells(band.cells, unit) })) }),
    ...(windows && { windows: windows.map((window) => convert(window, unit)) }),
  };
}

function convertCells(cells: PricePeriod["cells"], unit: Unit): object {
  return Object.fromEntries(Object.entries(cells).map(([tier, cell]) => [tier, convertCell(cell, unit)]));
}

function convertCell(cell: PriceCell, unit: Unit): object {
  return Object.fromEntries(
    Object.entries(cell).map(([word, given]) => [word, isPriceWord(word) ? amountOf(word, given, unit) : given]),
  );
}

function amountOf(word: PriceWord, given: PriceAmount, unit: Unit): unknown {
  const usd = unitsOf(word)[0] === "mtok" ? usdPerUnit(word, given, unit) : undefined;
  if (usd) return plain(formatFraction(multiply(usd, million)));
  return typeof given === "string" ? plain(given) : { ...given, amount: plain(given.amount) };
}

const million = { num: 1_000_000n, den: 1n };

/** A number is written without quotes where a double says the same. */
function plain(text: string): unknown {
  const [exact, asNumber] = [parseFraction(text), parseFraction(String(Number(text)))];
  return exact && asNumber && exact.num === asNumber.num && exact.den === asNumber.den ? Number(text) : text;
}
