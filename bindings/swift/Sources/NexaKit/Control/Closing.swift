// What the library for phones has not is in this folder, so that the rest of the package compiles against it.

extension Nexa: Closable {}
extension EventStream: Closable {}
