// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "quickstart",
    platforms: [.macOS(.v13)],
    // A package is called after its folder.
    dependencies: [.package(path: "../../../bindings/swift")],
    targets: [
        .executableTarget(
            name: "quickstart",
            dependencies: [.product(name: "NexaKit", package: "swift")],
            path: ".",
            sources: ["quickstart.swift"]
        ),
    ]
)
