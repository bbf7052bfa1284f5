/** The cause of a `Refused` that time alone does not heal: something of this very charge stands in its way. */
export class Unchargeable extends Error {
  override readonly name = "Unchargeable";
}
