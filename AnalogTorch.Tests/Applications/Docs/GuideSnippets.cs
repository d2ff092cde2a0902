using AnalogTorch.Cells;
using AnalogTorch.Checkpoints;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.MlNet;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using Microsoft.ML;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Docs;

/// <summary>The C# of README.md and of the guides, compiled and run; <see cref="SnippetTests"/> checks that it is the same.</summary>
[Collection(nameof(CurrentFolder))]
public class GuideSnippets
{
    [Fact]
    public void Training()
    {
        using var model = Sequential(("fc1", Linear(528, 250)), ("act1", Tanh()), ("fc2", Linear(250, 10)));
        Console.WriteLine(model.ToAnalog(PcmPresets.MspLsp, seed: 42));           // Linear layers become analog, in place
        using var optimizer = new AnalogSGD(model.parameters(), lr: 0.01);        // pulses on analog weights, SGD on digital ones
        using var loss = CrossEntropyLoss();

        for (var step = 0; step < 10; step++)                                     // the loop that you already have
        {
            using var scope = NewDisposeScope();
            var (x, target) = (rand(1, 528), tensor(new long[] { step % 10 }));
            optimizer.zero_grad();
            loss.call(model.call(x), target).backward();
            optimizer.step();
        }

        Assert.All(model.AnalogTiles(), entry => Assert.True(entry.Tile.Cells.Examples == 10 && entry.Tile.Cells.Pulses > 0));
    }

    [Fact]
    public void Rules()
    {
        const long seed = 42;
        using var model = Sequential(("fc1", Linear(6, 5)), ("act1", Tanh()), ("fc2", Linear(5, 3)));
        model.ToAnalog(RpuPresets.TikiTakaV2, seed);
        using var optimizer = new AnalogSGD(model.parameters(), lr: 0.1);
        model.call(ones(2, 6)).square().mean().backward();
        optimizer.step();
        Assert.All(model.AnalogTiles(), entry => Assert.Equal(2, entry.Tile.Cells.Examples));
    }

    [Fact]
    public void Config()
    {
        var config = PcmPresets.MspLsp with
        {
            Cell = new MspLspCell
            {
                Gain = 2,
                TransferEvery = 4_000,
                Polarity = new FixedPolarity(),
                Capacitor = new GatedCapacitor { StepMismatch = 0.1, Leakage = new NoLeakage() },
            },
            Forward = PcmPresets.EightBitPath,                                    // 8-bit DAC and ADC, output noise
            Backward = PcmPresets.EightBitPath,
        };
        var json = ConfigJson.Write(config);                                      // and ConfigJson.Read<TileConfig>(json)

        Assert.Equal(config, ConfigJson.Read<TileConfig>(json));
    }

    [Fact]
    public void AnyModel()
    {
        using var folder = new TemporaryFolder();
        var before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder.Path;
        try
        {
            using var model = Zoo.Create("resnet20_cifar", seed: 1);
            var report = model.ToAnalog(
                PcmPresets.HardwareAware with { Size = new LimitedSize { Inputs = 256, Outputs = 256 } }, seed: 42,
                LayerRule.Digital("conv1"), LayerRule.Of<Linear>(PcmPresets.MspLsp));      // the first rule that fits a layer decides
            Console.WriteLine(report);
            model.SaveWeights("resnet20.safetensors");                                // or .pth, .dat: plain names, effective weights
            model.LoadWeights("resnet20.safetensors");                                // also shards by their index, .npy, .npz, .csv; devices are written

            Assert.False(report.Rows.Single(row => row.Name == "conv1").IsAnalog);
            Assert.Equal("MspLspCell", report.Rows.Single(row => row.Name == "linear").Note);
            Assert.True(File.Exists("resnet20.safetensors"));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Fact]
    public void HardwareAware()
    {
        using var model = Sequential(("fc1", Linear(16, 32)), ("act1", Tanh()), ("fc2", Linear(32, 4)));
        model.ToAnalog(PcmPresets.HardwareAware with { WeightNoise = new AdditiveWeightNoise { Deviation = 0.05 } }, seed: 42);
        using var optimizer = optim.Adam(model.parameters());                     // any optimizer of torch
        using var loss = CrossEntropyLoss();

        for (var step = 0; step < 10; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(model.call(rand(8, 16)), zeros(8, ScalarType.Int64)).backward();
            optimizer.step();
        }

        Assert.All(model.parameters(), parameter => Assert.True(parameter.grad!.abs().sum().item<float>() is > 0 and < float.PositiveInfinity));
    }

    [Fact]
    public void StopAndResume()
    {
        using var folder = new TemporaryFolder();
        var before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder.Path;
        try
        {
            using var model = Sequential(("fc1", Linear(16, 4)));
            model.ToAnalog(PcmPresets.MspLsp, seed: 42);
            using var optimizer = new AnalogSGD(model.parameters(), lr: 0.01);
            Checkpoint.Save("training.ckpt", model, optimizer);                       // one file, replaced in a single step
            Checkpoint.Load("training.ckpt", model, optimizer);                       // continues bit for bit

            Assert.True(File.Exists("training.ckpt"));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Fact]
    public void Deployment()
    {
        using var model = Sequential(("fc1", Linear(16, 32)), ("act1", Tanh()), ("fc2", Linear(32, 4)));
        model.eval();
        using var chip = model.Program(PcmPresets.FourPhaseInference, seed: 7);   // from now on the model runs on the chip
        Console.WriteLine(chip.Report);                                           // devices, pulses and errors of every array
        chip.DriftTo(1 * Units.Day);                                              // absolute: any time, in any order
        chip.RecalibrateOutputs(rand(256, 16).split(64), (network, batch) => network.call(batch)); // digital gain and offset of every output, found anew
        var outputs = model.call(rand(8, 16));                                    // or hand the chip to whatever takes the model
        var repeats = chip.Evaluate(5, network => network.call(rand(8, 16)).mean().item<float>()); // each with read noise of its own
        using (var adapters = model.AddAdapters(rank: 4))                         // LoRA: digital, beside frozen programmed weights
        using (var optimizer = optim.Adam(adapters.Parameters, lr: 1e-3))
        {
            model.call(rand(8, 16)).square().mean().backward();
            optimizer.step();
        }
        chip.Dispose();                                                           // and the model is what it was

        Assert.Equal([8, 4], outputs.shape);
        Assert.Equal(5, repeats.Distinct().Count());
    }

    [Fact]
    public void Cost()
    {
        using var model = Sequential(("fc1", Linear(528, 250)), ("act1", Tanh()), ("fc2", Linear(250, 10)));
        Console.WriteLine(model.EstimateCost(new Duration90nm(), [1, 528]));       // layer by layer, totals, where the numbers come from; at nominal activity
        using var chip = model.Program(PcmPresets.Inference, seed: 7);
        var cost = chip.Model.EstimateCost(new Duration14nm(), rand(1, 528));      // now with the conductances that the arrays hold, and what this sample drives
        var census = model.TakeCensus(rand(1, 528));                               // what was counted: reads, pulses, digital elements, how long inputs are on

        Assert.True(cost.TopsPerWatt > 0);
        Assert.Equal(2, census.Layers.Count(layer => layer.IsArray));
    }

    [Fact]
    public void Pipeline()
    {
        var before = Directory.GetCurrentDirectory();
        using var folder = new TemporaryFolder();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            var ml = new MLContext(seed: 1);
            var (train, test) = (ml.Data.LoadFromEnumerable(Flowers(120)), ml.Data.LoadFromEnumerable(Flowers(30)));
            var pipeline = ml.Transforms.Concatenate("Features", "PetalLength", "PetalWidth")
                .Append(ml.Transforms.Conversion.MapValueToKey("Label", "Species"))
                .Append(ml.MulticlassClassification.Trainers.AnalogNetwork())         // beside SDCA, L-BFGS and all the others
                .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedSpecies", "PredictedLabel"));
            ITransformer model = pipeline.Fit(train);
            var digital = ml.MulticlassClassification.Evaluate(model.Transform(test));
            var day = ml.MulticlassClassification.Evaluate(model.Programmed(after: 1 * Units.Day).Transform(test)); // the same pipeline, its network on a chip
            ml.Model.Save(model, train.Schema, "flowers.zip");
            var loaded = ml.Model.Load("flowers.zip", out _);                         // in any program that has AnalogTorch.Models beside it
            var engine = ml.Model.CreatePredictionEngine<Flower, Prediction>(loaded);

            Assert.InRange(digital.MicroAccuracy, 0.9, 1);
            Assert.InRange(day.MicroAccuracy, 0.9, 1);
            Assert.Equal("setosa", engine.Predict(new Flower { PetalLength = 1, PetalWidth = 0.2f }).PredictedSpecies);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    [Fact]
    public void Networks()
    {
        using var network = Zoo.Create("resnet18", classes: 10, seed: 1);   // Zoo.Create<CharLstm>("char_lstm") for a type of its own
        var image = Zoo.Find("resnet18").Image!;                            // side, smallest side, preprocessing

        Assert.Equal(224, image.Side);
        Assert.Equal([10, 512], network.state_dict()["fc.weight"].shape);
    }

    private static Flower[] Flowers(int count) => [.. Enumerable.Range(0, count).Select(i => (i % 2 == 0)
        ? new Flower { PetalLength = 1.2f + 0.02f * (i % 20), PetalWidth = 0.2f, Species = "setosa" }
        : new Flower { PetalLength = 4 + 0.05f * (i % 20), PetalWidth = 1.3f, Species = "versicolor" })];

    private sealed class Flower
    {
        public float PetalLength { get; set; }

        public float PetalWidth { get; set; }

        public string Species { get; set; } = "";
    }

    private sealed class Prediction
    {
        public string PredictedSpecies { get; set; } = "";
    }
}
