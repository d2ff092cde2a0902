using System.Globalization;
using System.Text.Json;
using AnalogTorch.Checkpoints;
using AnalogTorch.Examples.Benchmarks;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Weights;
using AnalogTorch.Presets;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Torture;

/// <summary>How live tensors and memory grow with training steps, conversions, chips and loads: not at all, once everything is warm.</summary>
internal sealed class SlopePart : TorturePart
{
    private const int Looks = 40;
    private const double MostBytes = 20; // a step

    /// <summary>What is repeated, and how often for each 100,000 training steps of the amount.</summary>
    private static readonly (string Work, int Share)[] Works =
    [
        ("steps in memory", 1), ("steps hardware-aware", 1), ("conversions", 50), ("chips", 200), ("checkpoints", 100), ("weights", 100),
    ];

    public override string Name => "slopes";

    public override string Counts => "training steps";

    public override (int Small, int Long) Amount => (2_000, 100_000);

    public override IEnumerable<TortureRow> Run(TortureRun run)
    {
        foreach (var (work, share) in Works)
        {
            var count = Math.Max(run.Amount / share, Looks);
            var (lines, failure) = TortureProcess.Run(TimeSpan.FromMinutes(30), run.Cancel, "slopes", work, count.ToString(CultureInfo.InvariantCulture));
            if (failure is not null || lines.Count == 0)
            {
                yield return new(work, count, [$"{work}: the process {failure ?? "said nothing"}"], []);
                continue;
            }
            var looks = JsonSerializer.Deserialize<double[][]>(lines[^1])!;
            File.WriteAllText(Path.Combine(run.Folder, $"slopes-{work.Replace(' ', '-')}.json"), lines[^1]);
            var warm = looks[(looks.Length / 4)..];
            var (tensors, _) = Line(warm, 1);
            var (bytes, error) = Line(warm, 2);
            var failures = new List<string>();
            if (tensors > 0.5 / count)
                failures.Add(FormattableString.Invariant($"{work}: live tensors grow by {tensors:G3} each time"));
            // What a page more or less of a heap that is in use makes of a short run is no slope; long ones tell.
            if (bytes - 3 * error > MostBytes && (warm[^1][2] - warm[0][2]) > (8 << 20))
                failures.Add(FormattableString.Invariant($"{work}: memory grows by {bytes:F0} ± {error:F0} B each time"));
            run.Keep($"slopes-{work.Replace(' ', '-')}", failures);
            yield return new(work, count, failures,
                [("live tensors a time", tensors), ("RSS a time (B)", bytes), ("standard error (B)", error), ("RSS at the end (MB)", looks[^1][2] / 1e6), ("RSS growth while warm (MB)", (warm[^1][2] - warm[0][2]) / 1e6)]);
        }
    }

    /// <summary>Repeats a work in this process, and looks from time to time.</summary>
    public static int Serve(string work, int count)
    {
        set_num_threads(1);
        using var scope = NewDisposeScope();
        var step = WorkOf(work);
        var looks = new List<double[]>();
        for (var i = 0; i < count; i++)
        {
            step(i);
            if ((i + 1) % Math.Max(count / Looks, 1) == 0)
            {
                var live = (double)Tensor.TotalCount;
                looks.Add([i + 1, live, ProcessMemory.Now()]);
            }
        }
        Console.WriteLine(JsonSerializer.Serialize(looks));
        return 0;
    }

    private static Action<int> WorkOf(string work)
    {
        switch (work)
        {
            case "steps in memory" or "steps hardware-aware":
                var (net, optimizer) = TortureNet.Create(work == "steps in memory" ? "memory" : "hardware-aware", 3);
                return i => TortureNet.Step(net, optimizer, i % 1000);
            case "conversions":
                var wide = nn.Linear(512, 512);
                return i =>
                {
                    wide.ToAnalog(PcmPresets.MspLsp, i);
                    wide.ToDigital();
                };
            case "chips":
                var layer = nn.Linear(256, 256);
                layer.eval();
                return i =>
                {
                    using var inner = NewDisposeScope();
                    using var noGrad = no_grad();
                    using var chip = layer.Program(PcmPresets.Inference, i);
                    chip.DriftTo(1000);
                    layer.call(ones(1, 256));
                };
            case "checkpoints":
                var (saved, ofSaved) = TortureNet.Create("memory", 3);
                TortureNet.Step(saved, ofSaved, 0);
                var file = new MemoryStream();
                Checkpoint.Save(file, saved, ofSaved);
                return _ =>
                {
                    file.Position = 0;
                    Checkpoint.Load(file, saved, ofSaved);
                };
            default:
                var loaded = nn.Linear(256, 256);
                loaded.ToAnalog(PcmPresets.MspLsp, 1);
                var path = Path.Combine(Path.GetTempPath(), $"slopes-{Environment.ProcessId}.safetensors");
                loaded.SaveWeights(path);
                var bytes = File.ReadAllBytes(path);
                return _ =>
                {
                    File.WriteAllBytes(path, bytes);
                    loaded.LoadWeights(path);
                    File.Delete(path);
                };
        }
    }

    /// <summary>The slope of a column by the first, and its standard error.</summary>
    private static (double Slope, double Error) Line(double[][] looks, int column)
    {
        var (meanX, meanY) = (looks.Average(look => look[0]), looks.Average(look => look[column]));
        var spread = looks.Sum(look => (look[0] - meanX) * (look[0] - meanX));
        var slope = looks.Sum(look => (look[0] - meanX) * (look[column] - meanY)) / spread;
        var rest = looks.Sum(look => Math.Pow(look[column] - meanY - slope * (look[0] - meanX), 2));
        return (slope, Math.Sqrt(rest / Math.Max(looks.Length - 2, 1) / spread));
    }
}
