using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using AnalogTorch.Checkpoints;
using AnalogTorch.Core;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Weights;
using TorchSharp.Modules;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Fuzzing;

/// <summary>
/// Files with changes in their structure are read, or refused in one sentence with nothing changed, in little time and memory. ANALOGTORCH_FUZZ sets the number
/// of files of each format, ANALOGTORCH_SEED the seed.
/// </summary>
public sealed class ReaderFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const long Slack = 64 << 20;
    private static readonly int Files = int.TryParse(Environment.GetEnvironmentVariable("ANALOGTORCH_FUZZ"), CultureInfo.InvariantCulture, out var files) ? files : 200;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Checkpoints => new("memory", "hardware-aware", "digital");

    public static TheoryData<string> Weights => new(".safetensors", ".pth", ".th", ".dat", ".npy", ".npz", ".csv", ".onnx");

    public static TheoryData<string> DataFiles => new("data_batch.bin", "data_batch.bin.gz", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz");

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void CheckpointsWithRightChecksums(string kind)
    {
        using var model = Mlp.Create([6, 5, 3], 1);
        if (kind != "digital")
            model.ToAnalog(kind == "memory" ? PcmPresets.MspLsp : PcmPresets.HardwareAware, 1);
        using OptimizerHelper optimizer = kind switch { "memory" => new AnalogSGD(model.parameters(), 0.1), "digital" => optim.Adam(model.parameters()), _ => optim.SGD(model.parameters(), 0.1, momentum: 0.9) };
        Step(model, optimizer);
        var path = folder.At("run.ckpt");
        Checkpoint.Save(path, model, optimizer, new TrainingState { { "epoch", 3 }, { "name", "a" }, { "losses", [1.0, 2.0] } });
        var valid = File.ReadAllBytes(path);
        Step(model, optimizer);
        Campaign($"checkpoint, {kind}", path, new FileInfo(path).Length, (random, mutation) =>
        {
            if (random.Next(8) == 0)
                return mutation.Of(valid);
            File.WriteAllBytes(path, valid);
            var file = CraftedCheckpoint.Read(path);
            var names = file.Names.ToArray();
            var name = names[random.Next(names.Length)];
            file[name] = random.Next(20) == 0 ? new byte[random.Next(4 << 20)] : mutation.Of(file[name]);
            file.Write(path, checksums: name != "manifest.json");
            return File.ReadAllBytes(path);
        }, () => Checkpoint.Load(path, model, optimizer), () => Snapshot.Of(model, optimizer));
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void WeightFiles(string extension)
    {
        using var model = nn.Linear(3, 2);
        model.ToAnalog(PcmPresets.MspLsp, 1);
        var valid = Valid(extension);
        var path = folder.At("weight" + extension);
        Campaign($"weights, {extension}", path, valid.Length, (random, mutation) => extension is ".npz" or ".pth" && random.Next(4) > 0 ? mutation.OfArchive(valid) : mutation.Of(valid), () =>
        {
            using (var file = WeightFile.Open(path))
            {
                foreach (var entry in file.Entries)
                    file.Read(entry.Name).Dispose();
            }
            model.LoadWeights(path, WeightFit.WhateverFits);
        }, () => Snapshot.Of(model));
    }

    [Theory]
    [MemberData(nameof(DataFiles))]
    public void DataSets(string name)
    {
        Directory.CreateDirectory(folder.At(Mnist.Folder));
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28, .. Enumerable.Range(0, 2 * 784).Select(i => (byte)i)], labels = [0, 0, 8, 1, 0, 0, 0, 2, 3, 7];
        byte[] cifar = [4, .. new byte[3072], 9, .. Enumerable.Repeat((byte)200, 3072)];
        var isMnist = name.StartsWith("t10k", StringComparison.Ordinal);
        foreach (var (file, content) in new[] { ("t10k-images-idx3-ubyte", images), ("t10k-labels-idx1-ubyte", labels) })
            if (!name.StartsWith(file, StringComparison.Ordinal))
                File.WriteAllBytes(folder.At(Mnist.Folder, file), content);
        var valid = !isMnist ? cifar : name.Contains("images", StringComparison.Ordinal) ? images : labels;
        var path = isMnist ? folder.At(Mnist.Folder, name) : folder.At(name);
        Campaign($"data, {name}", path, valid.Length, (_, mutation) => name.EndsWith(".gz", StringComparison.Ordinal) ? mutation.OfGzip(valid) : mutation.Of(valid),
            () => (isMnist ? Mnist.Load(DataFolder.Open(folder.Path), train: false) : Cifar.Read10(path)).Dispose(), null, inSentence: isMnist ? folder.Path : path);
    }

    [Fact]
    public void Configs()
    {
        var variants = Catalog.Defaults<HardwareConfig>().Where(config => config.GetType().Assembly == typeof(HardwareConfig).Assembly).Select(config => Encoding.UTF8.GetBytes(ConfigJson.Write(config))).ToArray();
        var path = folder.At("config.json");
        Campaign("configs", path, variants.Max(text => text.Length), (random, mutation) => mutation.Of(variants[random.Next(variants.Length)]),
            () => ConfigJson.Read<HardwareConfig>(File.ReadAllText(path)), null, inSentence: "The config");
    }

    private void Campaign(string what, string path, long size, Func<Random, Mutation, byte[]> make, Action load, Func<Snapshot>? snapshot, string? inSentence = null)
    {
        var (read, refused, most, longest) = (0, 0, 0L, TimeSpan.Zero);
        for (var i = 0; i < Files; i++)
        {
            var random = new Random(SeedOf(what, i));
            var content = make(random, new(random));
            File.WriteAllBytes(path, content);
            var before = snapshot?.Invoke();
            var (allocated, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
            Exception? failure = null;
            try
            {
                using var scope = NewDisposeScope();
                load();
                read++;
            }
            catch (Exception exception)
            {
                failure = exception;
                refused++;
            }
            var (spent, time) = (GC.GetAllocatedBytesForCurrentThread() - allocated, watch.Elapsed);
            (most, longest) = (Math.Max(most, spent), time > longest ? time : longest);
            try
            {
                Assert.True(time < Longest, $"took {time.TotalSeconds:F1} s");
                Assert.True(spent <= 4 * Math.Max(content.Length, size) + Slack, $"took {spent} bytes");
                if (failure is null)
                    continue;
                Assert.IsType<InvalidDataException>(failure);
                Sentence.Check(failure.Message, inSentence ?? path);
                if (before is not null)
                    snapshot!().AssertEqual(before, failure.Message);
            }
            catch (Exception wrong) when (wrong is Xunit.Sdk.XunitException)
            {
                var kept = Path.Combine(Path.GetTempPath(), $"fuzz-{i}-{Path.GetFileName(path)}");
                File.WriteAllBytes(kept, content);
                throw new Xunit.Sdk.XunitException($"{what}, file {i} of seed {Stat.Seed}, kept as {kept}: {wrong.Message} ({failure})");
            }
        }
        output.WriteLine($"{what}: seed {Stat.Seed}, {Files} files, {read} read, {refused} refused, at most {longest.TotalSeconds:F2} s and {most} bytes");
    }

    /// <summary>The seed of one file, the same in every process.</summary>
    private static int SeedOf(string what, int number) => unchecked((int)Rng.FromSeed(Stat.Seed).Split(what).Split(number.ToString(CultureInfo.InvariantCulture)).Key);

    private static void Step(nn.Module<Tensor, Tensor> model, OptimizerHelper optimizer)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        model.call(ones(1, 6)).square().sum().backward();
        optimizer.step();
    }

    private byte[] Valid(string extension)
    {
        var path = folder.At("valid" + extension);
        switch (extension)
        {
            case ".npy":
                return WeightFileTests.Npy("<f4", false, "(2, 3)", [1, 2, 3, 4, 5, 6]);
            case ".csv":
                return "1,2,3\n4,5,6\n"u8.ToArray();
            case ".th":
                return WeightFileTests.Legacy();
            case ".onnx":
                OnnxTests.WriteLinear(path);
                return File.ReadAllBytes(path);
            case ".npz":
                using (var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
                using (var entry = archive.CreateEntry("weight.npy").Open())
                    entry.Write(WeightFileTests.Npy("<f4", false, "(2, 3)", [1, 2, 3, 4, 5, 6]));
                return File.ReadAllBytes(path);
            default:
                nn.Linear(3, 2).SaveWeights(path);
                return File.ReadAllBytes(path);
        }
    }
}
