using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Torture;

/// <summary>Threads that share a chip, that see it disposed of, and that train models side by side: no answer may be wrong.</summary>
internal sealed class ThreadPart : TorturePart
{
    private const int Threads = 8;

    public override string Name => "threads";

    public override string Counts => "evaluations a thread";

    public override (int Small, int Long) Amount => (100, 10_000);

    public override IEnumerable<TortureRow> Run(TortureRun run)
    {
        yield return Shared(run);
        yield return Disposed(run);
        yield return Trained(run);
    }

    /// <summary>A network without numbers that torch takes as scalars, which TorchSharp 0.107.0 may free while other threads make garbage.</summary>
    private static nn.Module<Tensor, Tensor> Network()
    {
        var network = nn.Sequential(
            nn.Conv2d(2, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, 6));
        network.eval();
        return network;
    }

    private static TortureRow Shared(TortureRun run)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Network();
        using var chip = model.Program(PcmPresets.Inference with { Forward = new() }, run.Seed);
        var inputs = Enumerable.Range(0, Threads).Select(thread => TortureNet.Input(thread)).ToArray();
        var expected = inputs.Select(model.call).ToArray();
        var failures = Each(thread =>
        {
            for (var call = 0; call < run.Amount; call++)
            {
                using var inner = NewDisposeScope();
                if (!model.call(inputs[thread]).equal(expected[thread]).all().item<bool>())
                    throw new InvalidOperationException($"call {call} of thread {thread} gave another answer");
            }
        });
        return Row(run, "a chip that threads share", (long)Threads * run.Amount, failures, []);
    }

    private static TortureRow Disposed(TortureRun run)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Network();
        var input = TortureNet.Input(1);
        var digital = model.call(input);
        var (failures, cut, calls) = (new List<string>(), 0L, 0L);
        var rounds = Math.Max(run.Amount / 20, 3);
        for (var round = 0; round < rounds; round++)
        {
            run.Cancel.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            var chip = model.Program(PcmPresets.Inference with { Forward = new() }, round);
            var onChip = model.call(input);
            var isOver = false;
            var dispose = Task.Run(() =>
            {
                Thread.Sleep(round % 7);
                chip.Dispose();
                Volatile.Write(ref isOver, true);
            });
            failures.AddRange(Each(_ =>
            {
                for (var isLast = false; !isLast;)
                {
                    isLast = Volatile.Read(ref isOver);
                    using var own = NewDisposeScope();
                    Interlocked.Increment(ref calls);
                    try
                    {
                        var answer = model.call(input);
                        if (!answer.equal(onChip).all().item<bool>() && !answer.equal(digital).all().item<bool>())
                            throw new InvalidOperationException($"round {round}: an answer is neither the chip's nor torch's");
                    }
                    catch (ObjectDisposedException)
                    {
                        Interlocked.Increment(ref cut);
                    }
                }
            }));
            dispose.Wait(CancellationToken.None);
        }
        return Row(run, "a chip that is disposed of meanwhile", calls, failures, [("chips", rounds), ("calls refused", cut)]);
    }

    private static TortureRow Trained(TortureRun run)
    {
        var steps = Math.Max(run.Amount / 10, 10);
        string[] Both(bool sideBySide)
        {
            var results = new string[2];
            Action[] trainings = [.. TortureNet.Ways.Take(2).Select((way, index) => (Action)(() => results[index] = Train(way)))];
            if (sideBySide)
                Each(index => trainings[index](), trainings.Length).ToList().ForEach(failure => throw new InvalidOperationException(failure));
            else
                foreach (var training in trainings)
                    training();
            return results;
        }

        string Train(string way)
        {
            using var scope = NewDisposeScope();
            using var model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, 6));
            foreach (var (name, parameter) in model.named_parameters())
                using (no_grad())
                    parameter.copy_(Kernels.Noise.Uniform(Core.Rng.FromSeed(1).Split(name), parameter.shape));
            model.ToAnalog(way == "memory" ? PcmPresets.MspLsp : new HardwareAwareConfig { Forward = PcmPresets.EightBitPath }, 1);
            using OptimizerHelper optimizer = way == "memory" ? new Optim.AnalogSGD(model.parameters(), 0.01) : optim.SGD(model.parameters(), 0.01);
            for (var step = 0; step < steps; step++)
                TortureNet.Step(model, optimizer, step);
            return string.Join(' ', model.parameters().Select(parameter => System.Convert.ToHexString(parameter.detach().bytes)));
        }

        var alone = Both(sideBySide: false);
        string[] failures;
        try
        {
            failures = [.. alone.Zip(Both(sideBySide: true)).Select((pair, index) => pair.First == pair.Second ? "" : $"the {TortureNet.Ways[index]} training came to other weights beside another").Where(failure => failure.Length > 0)];
        }
        catch (InvalidOperationException exception)
        {
            failures = [exception.Message];
        }
        return Row(run, "two trainings side by side", 2 * steps, failures, []);
    }

    private static TortureRow Row(TortureRun run, string what, long count, IReadOnlyList<string> failures, IReadOnlyList<(string, double)> figures)
    {
        run.Keep($"threads-{what.Replace(' ', '-')}", failures);
        return new(what, count, failures, figures);
    }

    /// <summary>Runs threads to their end.</summary>
    /// <returns>What each of them failed with.</returns>
    private static List<string> Each(Action<int> work, int count = Threads)
    {
        var failures = new List<string>();
        var threads = Enumerable.Range(0, count).Select(index => new Thread(() =>
        {
            try
            {
                using var noGrad = count == Threads ? no_grad() : null;
                work(index);
            }
            catch (Exception exception)
            {
                lock (failures)
                    failures.Add(exception.ToString().ReplaceLineEndings(" "));
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        return failures;
    }
}
