import Glibc
import InputFuzzing

/// The target of this process. `scripts/fuzz` starts one for each.
private let target: InputTarget = {
    let name = unsafe getenv("FIRN_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    let names = InputTarget.all.map(\.name)
    if name == "--list" {
        print(names.joined(separator: "\n"))
        exit(0)
    }
    guard let target = InputTarget.named(name) else {
        print("scripts/fuzz: there is no target '\(name)', but: \(names.joined(separator: ", "))")
        exit(2)
    }
    return target
}()

/// Called by libFuzzer, which has the function `main`, before the first input: the seeds become files of the corpus.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    let target = target
    guard let folder = unsafe getenv("FIRN_FUZZ_SEEDS").map({ unsafe String(cString: $0) }) else { return 0 }
    for (index, seed) in target.seeds.enumerated() {
        let file = unsafe open("\(folder)/seed-\(index)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { continue }
        _ = unsafe seed.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        close(file)
    }
    return 0
}

/// Called by libFuzzer for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    unsafe target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
