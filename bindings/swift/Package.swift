// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "NexaKit",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [.library(name: "NexaKit", targets: ["NexaKit"])],
    targets: [
        .systemLibrary(name: "NexaFFI"),
        // Where libnexa is, the build says: `-Xlinker -L<folder>`.
        .target(name: "NexaKit", dependencies: ["NexaFFI"], linkerSettings: [.linkedLibrary("nexa")]),
        .testTarget(name: "NexaKitTests", dependencies: ["NexaKit"]),
        .executableTarget(name: "parity", dependencies: ["NexaKit"], path: "Tests/Parity"),
        .executableTarget(name: "calls", dependencies: ["NexaKit"], path: "bench"),
    ]
)
