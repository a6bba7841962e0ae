import Fuzzing
import NixEval
import NixStore
import Testing

@testable import NixVM

/// Machines that use one memory in turn.
@Suite struct ReuseTests {
    /// Sources that make something grow which the next machine must not see.
    private static let growers = [
        // More remembered slots than the table begins with.
        """
        let l = builtins.genList (x: x + 0.5) 200000; in
        builtins.foldl' (a: i: a + builtins.elemAt l i) 0 (builtins.genList (i: i) 200000)
        """,
        """
        builtins.length (builtins.genericClosure {
          startSet = [ { key = 0; } ];
          operator = x: if x.key > 20000 then [ ] else [ { key = x.key + 1; } ];
        })
        """,
        "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 100000",
        #"builtins.length (builtins.attrNames (builtins.listToAttrs (builtins.genList (i: { name = "x${toString i}"; value = i; }) 3000)))"#,
        #"builtins.length (builtins.attrNames (builtins.fromTOML (builtins.concatStringsSep "\n" (builtins.genList (i: "[t${toString i}]") 20000))))"#,
        "let x = throw \"e\"; in builtins.length (builtins.genList (i: builtins.tryEval x) 2000)",
        "builtins.concatStringsSep \",\" (builtins.genList toString 4000)",
        "let f = n: f (n + 1); in f 0",
    ]

    private func job(_ source: String, fuel: Int) throws -> EvaluationJob {
        var job = EvaluationJob(
            .source(Array(source.utf8), name: "test", directory: Array("/".utf8)), io: try RootedIO(roots: []))
        job.limits.fuel = fuel
        job.limits.resultBytes = 1 << 16
        job.isStrict = true
        return job
    }

    /// Each after each, three times over: a report does not depend on what the memory was used for.
    @Test func reportsAreThoseOfNewMemory() async throws {
        let used = try VirtualMachine(programCacheBytes: 0)
        var fresh: [String] = []
        for source in Self.growers {
            let machine = try VirtualMachine(programCacheBytes: 0)
            let report = await machine.evaluate(try job(source, fuel: 3_000_000), cancellation: Cancellation())
            fresh.append(JobTarget.summary(report))
        }
        for round in 0..<3 {
            for (index, source) in Self.growers.enumerated() {
                let report = await used.evaluate(try job(source, fuel: 3_000_000), cancellation: Cancellation())
                #expect(JobTarget.summary(report) == fresh[index], "round \(round), source \(index)")
            }
        }
    }

    /// Between two machines the memory's state is that of its template, checked as a whole.
    @Test func memoryIsWholeBetweenMachines() throws {
        let violations = BigStack.run { () -> [Invariant?] in
            guard let memory = MachineMemory(settings: MachineSettings(currentSystem: nil, pure: true)) else {
                return []
            }
            return (0..<4).map { _ in
                useAndLetGo(in: memory)
                let machine = memory.template
                var r = unsafe machine.state.pointee.r
                unsafe r.pc = machine.interpreter.stepCode(.end)
                do throws(Violation) {
                    try HeapChecker(machine.interpreter, r, CodeMap()).checkAll()
                    return nil
                } catch {
                    return error.invariant
                }
            }
        }
        #expect(violations == [nil, nil, nil, nil])
    }

    /// Takes the memory, fills what can be filled without code, and lets go of it.
    private func useAndLetGo(in memory: MachineMemory) {
        guard let io = try? RootedIO(roots: []), let machine = Machine(memory: memory, io: io, print: { _ in }) else {
            return
        }
        var handles: [ValueHandle] = []
        for number in 0..<5_000 {
            let name = machine.makeString(Array("name \(number)".utf8))
            handles.append(machine.makeAttributes([(Array("a\(number)".utf8), name)]))
        }
        _ = machine.makeList(handles)
    }
}
