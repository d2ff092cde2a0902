using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using AnalogTorch.Checkpoints;
using AnalogTorch.Core;
using AnalogTorch.Models.Weights;
using TorchSharp;

namespace AnalogTorch.Examples.Torture;

/// <summary>A file system that takes no more bytes at a random place of a save: the file that was there must stay whole, and nothing may be left beside it.</summary>
internal sealed class FilePart : TorturePart
{
    private const int FileSize = 1, SignalOfIt = 25; // RLIMIT_FSIZE and SIGXFSZ of Linux

    public override string Name => "files";

    public override string Counts => "saves";

    public override (int Small, int Long) Amount => (200, 10_000);

    public override IEnumerable<TortureRow> Run(TortureRun run)
    {
        if (!OperatingSystem.IsLinux())
            yield break;
        var text = (int number) => number.ToString(CultureInfo.InvariantCulture);
        var (lines, failure) = TortureProcess.Run(TimeSpan.FromMinutes(5), run.Cancel, "files", text(run.Seed), text(run.Amount), run.Folder);
        var failures = lines.Where(line => line.StartsWith('"')).Select(line => JsonSerializer.Deserialize<string>(line)!).ToList();
        if (failure is not null)
            failures.Add($"The process {failure}.");
        run.Keep("files", failures);
        var refused = lines.Where(line => line.StartsWith("refused ", StringComparison.Ordinal)).Select(line => double.Parse(line[8..], CultureInfo.InvariantCulture)).LastOrDefault();
        yield return new("saves that the disk cuts", run.Amount, failures, [("refused", refused)]);
    }

    /// <summary>Saves again and again under limits, in this process.</summary>
    public static int Serve(int seed, int count, string folder)
    {
        torch.set_num_threads(1);
        Handle(SignalOfIt, 1); // ignored, so that a write fails instead
        using var scope = torch.NewDisposeScope();
        var (model, optimizer) = TortureNet.Create("memory", 3);
        var names = new[] { "run.ckpt", "weights.safetensors", "weights.pth", "weights.dat" };
        var (sizes, refused) = (new Dictionary<string, long>(), 0);
        folder = Path.Combine(folder, "saves");
        Directory.CreateDirectory(folder);
        foreach (var name in names)
        {
            Save(name);
            sizes[name] = new FileInfo(Path.Combine(folder, name)).Length;
        }
        for (var i = 0; i < count; i++)
        {
            var dice = Rng.FromSeed(seed).Split(i);
            var name = names[i % names.Length];
            var path = Path.Combine(folder, name);
            var before = File.ReadAllBytes(path);
            var limit = (long)(dice.Key % (ulong)(sizes[name] * 11 / 10));
            if (i % 16 == 0)
                TortureNet.Step(model, optimizer, i);
            Limit((ulong)limit);
            Exception? exception = null;
            try
            {
                Save(name);
            }
            catch (Exception failure)
            {
                exception = failure;
            }
            Limit(ulong.MaxValue);
            var left = Directory.GetFiles(folder).Select(Path.GetFileName).Except(names).ToArray();
            if (left.Length > 0)
                Fail($"left {string.Join(", ", left)}");
            if (exception is null)
                continue;
            refused++;
            if (exception is not IOException)
                Fail($"was refused by {exception}");
            else if (Sentence.Fault(exception.Message, path) is { } fault)
                Fail($"its refusal {fault}");
            if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(before))
                Fail("changed the file that was there");

            void Fail(string what) => Console.WriteLine(JsonSerializer.Serialize($"{name}, save {i} of seed {seed}, cut after {limit} bytes: {what}"));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"refused {refused}"));
        return 0;

        void Save(string name)
        {
            if (name == "run.ckpt")
                Checkpoint.Save(Path.Combine(folder, name), model, optimizer, new Checkpoints.TrainingState { { "steps", 1 } });
            else
                model.SaveWeights(Path.Combine(folder, name));
        }
    }

    /// <summary>Limits the length of files that this process writes.</summary>
    private static void Limit(ulong bytes)
    {
        ulong[] limits = [bytes, ulong.MaxValue];
        if (SetLimit(FileSize, limits) != 0)
            throw new IOException("setrlimit failed.");
    }

    [DllImport("libc", EntryPoint = "setrlimit")]
    private static extern int SetLimit(int resource, ulong[] limits);

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint Handle(int signal, nint handler);
}
