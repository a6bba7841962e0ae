import Glibc
import InputFuzzing

/// Runs one target on the inputs of libFuzzer, or on files. `scripts/fuzz` starts a process for each target, which the variable
/// FIRN_FUZZ_TARGET names.
@main struct FuzzInputs {
    static func main() {
        let names = InputTarget.all.map(\.name)
        let name = variable("FIRN_FUZZ_TARGET") ?? ""
        if name == "--list" {
            print(names.joined(separator: "\n"))
            exit(0)
        }
        guard let target = InputTarget.named(name) else {
            print("scripts/fuzz: there is no target '\(name)', but: \(names.joined(separator: ", "))")
            exit(2)
        }
        if let folder = variable("FIRN_FUZZ_SEEDS") { writeSeeds(of: target, to: folder) }
        exit(run())
    }

    private static func variable(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

    /// Writes the inputs from which the search begins to files of the corpus.
    private static func writeSeeds(of target: InputTarget, to folder: String) {
        for (index, seed) in target.seeds.enumerated() {
            let file = unsafe open("\(folder)/seed-\(index)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard file >= 0 else { continue }
            _ = unsafe seed.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
            close(file)
        }
    }

    #if LIBFUZZER
        /// Lets libFuzzer search; the arguments are its own.
        private static func run() -> Int32 {
            var count = CommandLine.argc
            var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = unsafe CommandLine.unsafeArgv
            return unsafe runDriver(&count, &arguments, testOneInput)
        }
    #else
        /// Runs the target on the files that are the arguments.
        private static func run() -> Int32 {
            for path in CommandLine.arguments.dropFirst() {
                guard let bytes = contents(of: path) else {
                    print("scripts/fuzz: '\(path)' cannot be read")
                    return 2
                }
                _ = unsafe bytes.withUnsafeBufferPointer { unsafe testOneInput($0.baseAddress, $0.count) }
            }
            return 0
        }

        private static func contents(of path: String) -> [UInt8]? {
            guard let file = unsafe fopen(path, "rb") else { return nil }
            defer { unsafe fclose(file) }
            var bytes: [UInt8] = []
            while case let byte = unsafe getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
            return bytes
        }
    #endif
}

private let target = unsafe getenv("FIRN_FUZZ_TARGET").flatMap { InputTarget.named(unsafe String(cString: $0)) }

/// Runs the target on one input.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe target?.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

#if LIBFUZZER
    /// The loop of libFuzzer, which comes with the compiler.
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<CInt>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt
#endif
