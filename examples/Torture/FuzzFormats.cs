using System.Text;
using AnalogTorch.Checkpoints;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.MlNet;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using Microsoft.ML;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Torture;

/// <summary>All files that the library reads.</summary>
internal static class FuzzFormats
{
    private const string Checkpoint = "checkpoint of ", Weights = "weights", Data = "data ";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        $"{Checkpoint}memory", $"{Checkpoint}hardware-aware", $"{Checkpoint}digital",
        .. new[] { ".safetensors", ".pth", ".th", ".dat", ".npy", ".npz", ".csv", ".onnx", ".index.json" }.Select(extension => Weights + extension),
        .. new[] { "data_batch.bin", "data_batch.bin.gz", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz" }.Select(name => Data + name),
        "config", "device pulses.csv", "pipeline.zip",
    ];

    /// <summary>The format of a name, with its valid files made in a folder.</summary>
    public static FuzzFormat Of(string name, string folder)
    {
        Directory.CreateDirectory(folder);
        return name switch
        {
            "config" => Config(folder),
            "device pulses.csv" => Pulses(folder),
            "pipeline.zip" => Pipeline(folder),
            _ when name.StartsWith(Checkpoint, StringComparison.Ordinal) => CheckpointOf(name[Checkpoint.Length..], name, folder),
            _ when name.StartsWith(Weights, StringComparison.Ordinal) => WeightsOf(name[Weights.Length..], name, folder),
            _ => DataOf(name[Data.Length..], name, folder),
        };
    }

    private static FuzzFormat CheckpointOf(string kind, string name, string folder)
    {
        var model = Mlp.Create([6, 5, 3], 1);
        if (kind != "digital")
            model.ToAnalog(kind == "memory" ? PcmPresets.MspLsp : PcmPresets.HardwareAware, 1);
        OptimizerHelper optimizer = kind switch
        {
            "memory" => new AnalogSGD(model.parameters(), 0.1),
            "digital" => optim.Adam(model.parameters()),
            _ => optim.SGD(model.parameters(), 0.1, momentum: 0.9),
        };
        Step(model, optimizer);
        var path = Path.Combine(folder, "run.ckpt");
        Checkpoints.Checkpoint.Save(path, model, optimizer, new Checkpoints.TrainingState { { "epoch", 3 }, { "name", "a" }, { "losses", [1.0, 2.0] } });
        var valid = File.ReadAllBytes(path);
        Step(model, optimizer);
        return new(name, path, valid.Length, (random, mutation) =>
        {
            if (random.Next(8) == 0)
                return mutation.Of(valid);
            var file = CraftedCheckpoint.Read(new MemoryStream(valid));
            var names = file.Names.ToArray();
            var entry = names[random.Next(names.Length)];
            file[entry] = random.Next(20) == 0 ? new byte[random.Next(4 << 20)] : mutation.Of(file[entry]);
            if (random.Next(20) == 0)
                file.Twice = names[random.Next(names.Length)];
            file.Write(path, checksums: entry != "manifest.json");
            return File.ReadAllBytes(path);
        }, () => Checkpoints.Checkpoint.Load(path, model, optimizer), () => Snapshot.Of(model, optimizer), path)
        {
            Owned = [optimizer, model],
        };
    }

    private static FuzzFormat WeightsOf(string extension, string name, string folder)
    {
        var model = nn.Linear(3, 2);
        model.ToAnalog(PcmPresets.MspLsp, 1);
        var isIndex = extension == ".index.json";
        if (isIndex)
            File.WriteAllBytes(Path.Combine(folder, "shard.safetensors"), SampleFiles.Weights(".safetensors", folder));
        var valid = isIndex
            ? Encoding.UTF8.GetBytes("{\"metadata\": {\"total_size\": 32}, \"weight_map\": {\"weight\": \"shard.safetensors\", \"bias\": \"shard.safetensors\"}}")
            : SampleFiles.Weights(extension, folder);
        var path = Path.Combine(folder, isIndex ? "model.safetensors.index.json" : "weight" + extension);
        return new(name, path, valid.Length, (random, mutation) => extension is ".npz" or ".pth" && random.Next(4) > 0 ? mutation.OfArchive(valid) : mutation.Of(valid), () =>
        {
            if (!isIndex)
            {
                using var file = WeightFile.Open(path);
                foreach (var entry in file.Entries)
                    file.Read(entry.Name).Dispose();
            }
            model.LoadWeights(path, WeightFit.WhateverFits);
        }, () => Snapshot.Of(model), isIndex ? folder : path)
        {
            Owned = [model],
        };
    }

    private static FuzzFormat DataOf(string file, string name, string folder)
    {
        var mnist = Path.Combine(folder, Models.Data.Mnist.Folder);
        Directory.CreateDirectory(mnist);
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28, .. Enumerable.Range(0, 2 * 784).Select(i => (byte)i)], labels = [0, 0, 8, 1, 0, 0, 0, 2, 3, 7];
        byte[] cifar = [4, .. new byte[3072], 9, .. Enumerable.Repeat((byte)200, 3072)];
        var isMnist = file.StartsWith("t10k", StringComparison.Ordinal);
        foreach (var (other, content) in new[] { ("t10k-images-idx3-ubyte", images), ("t10k-labels-idx1-ubyte", labels) })
            if (!file.StartsWith(other, StringComparison.Ordinal))
                File.WriteAllBytes(Path.Combine(mnist, other), content);
        var valid = !isMnist ? cifar : file.Contains("images", StringComparison.Ordinal) ? images : labels;
        var path = isMnist ? Path.Combine(mnist, file) : Path.Combine(folder, file);
        return new(name, path, valid.Length, (_, mutation) => file.EndsWith(".gz", StringComparison.Ordinal) ? mutation.OfGzip(valid) : mutation.Of(valid),
            () => (isMnist ? Models.Data.Mnist.Load(DataFolder.Open(folder), train: false) : Cifar.Read10(path)).Dispose(), null, isMnist ? folder : path);
    }

    private static FuzzFormat Config(string folder)
    {
        var variants = Catalog.Defaults<HardwareConfig>().Where(config => config.GetType().Assembly == typeof(HardwareConfig).Assembly)
            .Select(config => Encoding.UTF8.GetBytes(ConfigJson.Write(config))).ToArray();
        var path = Path.Combine(folder, "config.json");
        return new("config", path, variants.Max(text => text.Length), (random, mutation) => mutation.Of(variants[random.Next(variants.Length)]),
            () => ConfigJson.Read<HardwareConfig>(File.ReadAllText(path)), null, "The config");
    }

    private static FuzzFormat Pulses(string folder)
    {
        var valid = Encoding.UTF8.GetBytes("up,down\n0,1\n0.2,0.7\n0.35,0.5\n0.5,0.4\n0.6,\n");
        var path = Path.Combine(folder, "pulses.csv");
        return new("device pulses.csv", path, valid.Length, (_, mutation) => mutation.Of(valid), () => MeasuredJumps.ReadColumns(path), null, "pulses.csv");
    }

    /// <summary>The state of a network in a pipeline, in a zip that is otherwise ML.NET's.</summary>
    private static FuzzFormat Pipeline(string folder)
    {
        var ml = new MLContext(1);
        var rows = ml.Data.LoadFromEnumerable(GeneratedTable.Friedman(60).Select(row => new PipelineRow { Features = row.Features, Label = row.Value }));
        var model = ml.Regression.Trainers.AnalogNetwork(new AnalogNetworkOptions { Epochs = 1, Seed = 7, Network = new MlpNetwork { HiddenUnits = [3] } }).Fit(rows);
        var path = Path.Combine(folder, "pipeline.zip");
        ml.Model.Save(model, rows.Schema, path);
        var valid = File.ReadAllBytes(path);
        return new("pipeline.zip", path, valid.Length, (random, mutation) => random.Next(8) == 0 ? mutation.Of(valid) : mutation.OfArchive(valid), () =>
        {
            try
            {
                var loaded = new MLContext().Model.Load(path, out _);
                using var cursor = loaded.Transform(rows).GetRowCursor([]);
                cursor.MoveNext();
            }
            catch (Exception exception) when (exception.StackTrace?.Contains("AnalogTorch.Models", StringComparison.Ordinal) != true)
            {
                throw new InvalidDataException($"{path}: the part that is not of this library is refused."); // by ML.NET, in its own words
            }
        }, null, null);
    }

    private static void Step(nn.Module<Tensor, Tensor> model, OptimizerHelper optimizer)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        model.call(ones(1, 6)).square().sum().backward();
        optimizer.step();
    }

    private sealed class PipelineRow
    {
        [Microsoft.ML.Data.VectorType(10)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}
