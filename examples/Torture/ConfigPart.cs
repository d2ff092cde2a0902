using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Torture;

/// <summary>Random extreme configs: each builds and takes a step in two seconds, or is refused in one sentence.</summary>
internal sealed class ConfigPart : TorturePart
{
    private const int NotInTime = 3;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2), GivenUp = TimeSpan.FromSeconds(10); // of the processor, since others may be busy

    public override string Name => "configs";

    public override string Counts => "configs";

    public override (int Small, int Long) Amount => (150, 10_000);

    public override IEnumerable<TortureRow> Run(TortureRun run)
    {
        var (failures, refused, longest, next) = (new List<string>(), 0, 0.0, 0);
        while (next < run.Amount)
        {
            var (lines, failure) = TortureProcess.Run(TimeSpan.FromMinutes(10), run.Cancel, "configs", Text(run.Seed), Text(next), Text(run.Amount - next));
            foreach (var line in lines)
            {
                if (JsonSerializer.Deserialize<ConfigOutcome>(line) is not { } outcome)
                    continue;
                next = outcome.Number + 1;
                refused += outcome.IsRefused ? 1 : 0;
                longest = Math.Max(longest, outcome.Seconds);
                if (outcome.Fault is { } fault)
                    failures.Add($"config {outcome.Number} of seed {run.Seed}: {fault}: {outcome.Config}");
            }
            if (failure is null)
                break;
            if (!failure.Contains($"code {NotInTime}", StringComparison.Ordinal))
                failures.Add($"config {next++} of seed {run.Seed}: the process {failure}");
        }
        run.Keep("configs", failures);
        yield return new("extreme configs", run.Amount, failures, [("refused", refused), ("longest (s)", longest)]);
    }

    /// <summary>Tries configs in this process, which ends with the first that never returns.</summary>
    public static int Serve(long seed, int from, int count)
    {
        set_num_threads(1);
        Try(new TileConfig(), seed); // what is compiled once is no config's fault
        for (var number = from; number < from + count; number++)
        {
            var outcome = Outcome(seed, number);
            Console.WriteLine(JsonSerializer.Serialize(outcome));
            if (outcome.Seconds >= GivenUp.TotalSeconds)
                Environment.Exit(NotInTime);
        }
        return 0;
    }

    /// <summary>What comes of a config.</summary>
    public static ConfigOutcome Outcome(long seed, int number)
    {
        var dice = Rng.FromSeed(seed).Split("config").Split(number);
        var random = new ExtremeConfig(dice);
        LayerHardware config = (number % 3) switch { 0 => random.Of<TileConfig>(), 1 => random.Of<HardwareAwareConfig>(), _ => random.Of<InferenceConfig>() };
        Exception? refusal = null;
        using var process = Process.GetCurrentProcess();
        var start = process.TotalProcessorTime;
        var thread = new Thread(() =>
        {
            try
            {
                Try(config, number);
            }
            catch (Exception exception)
            {
                refusal = exception;
            }
        });
        thread.IsBackground = true; // one that never returns must not keep the process
        thread.Start();
        var time = TimeSpan.Zero;
        for (var isOver = false; !isOver && time < GivenUp;)
        {
            isOver = thread.Join(TimeSpan.FromSeconds(1));
            process.Refresh();
            time = process.TotalProcessorTime - start;
        }
        var fault = time >= Longest ? string.Create(CultureInfo.InvariantCulture, $"took {(time >= GivenUp ? "more than " : "")}{time.TotalSeconds:F1} s")
            : refusal is null ? null
            : refusal is not (ArgumentException or InvalidOperationException or NotSupportedException) ? $"was refused by {refusal.ToString().ReplaceLineEndings(" ")}"
            : Sentence.Fault(refusal.Message.Split(" (Parameter", 2)[0]) is { } words ? $"its refusal {words}" : null;
        return new(number, refusal is not null, time.TotalSeconds, fault, fault is null ? null : ConfigJson.Write(config).ReplaceLineEndings(""));
    }

    /// <summary>Builds a layer on hardware, and takes a step or an evaluation.</summary>
    private static void Try(LayerHardware config, long seed)
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(6, 4);
        using (no_grad())
            foreach (var (name, parameter) in layer.named_parameters())
                parameter.copy_(Kernels.Noise.Uniform(Rng.FromSeed(seed).Split(name), parameter.shape).sub_(0.5f));
        var input = Kernels.Noise.Uniform(Rng.FromSeed(seed).Split("input"), [3, 6]);
        if (config is InferenceConfig inference)
        {
            layer.eval();
            using var noGrad = no_grad();
            if (inference.Forward.Scaling is Periphery.CalibratedScaling)
                return; // which is measured before, on a model that is trained
            using var chip = layer.Program(inference, seed);
            chip.DriftTo(1e5);
            layer.call(input);
            return;
        }
        layer.ToAnalog(config, seed);
        var path = config is TileConfig tile ? tile.Forward : ((HardwareAwareConfig)config).Forward;
        if (path.Scaling is Periphery.CalibratedScaling)
            layer.CalibrateInputs([input], (model, x) => model.call(x));
        using OptimizerHelper optimizer = config is TileConfig ? new AnalogSGD(layer.parameters(), 0.1) : optim.SGD(layer.parameters(), 0.1);
        optimizer.zero_grad();
        layer.call(input).square().mean().backward();
        optimizer.step();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What came of a config.</summary>
/// <param name="Number">Its number.</param>
/// <param name="IsRefused">Whether it was refused.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Fault">What is wrong with that; null for nothing.</param>
/// <param name="Config">The config, where something is.</param>
internal sealed record ConfigOutcome(int Number, bool IsRefused, double Seconds, string? Fault, string? Config);
