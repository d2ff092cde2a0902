using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using AnalogTorch.Models.Weights;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Docs;

/// <summary>The C# of the tutorials, compiled and run; <see cref="SnippetTests"/> checks that it is the same.</summary>
[Collection(nameof(CurrentFolder))]
public sealed class TutorialSnippets : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string before = Environment.CurrentDirectory;

    public TutorialSnippets() => Environment.CurrentDirectory = folder.Path;

    public void Dispose()
    {
        Environment.CurrentDirectory = before;
        folder.Dispose();
    }

    [Fact]
    public void FromAWeightFileToAccuracyAndJoules()
    {
        TrainDigits();
        using var model = Sequential(("fc1", Linear(784, 64)), ("act1", Tanh()), ("fc2", Linear(64, 10)));
        Console.WriteLine(model.LoadWeights("digits.safetensors"));               // or .pth; a name or shape that does not fit is refused
        model.eval();

        using var test = GeneratedDigits.Create(500, seed: 1, train: false);      // your test images and labels
        Console.WriteLine($"floating point: {Accuracy(model):P1}");
        using var chip = model.Program(PcmPresets.Inference, seed: 7);            // from now on the model runs on the chip
        foreach (var (name, time) in new[] { ("a minute", Units.Minute), ("a day", Units.Day), ("a year", Units.Year) })
        {
            chip.DriftTo(time);
            var reads = chip.Evaluate(5, Accuracy);                               // five reads, each with noise of its own
            Console.WriteLine($"{name}: {reads.Average():P1}, from {reads.Min():P1} to {reads.Max():P1}");
        }
        var cost = chip.Model.EstimateCost(new Duration14nm(), test.Flatten().narrow(0, 0, 1));
        Console.WriteLine(cost);                                                  // layer by layer, and where every number comes from
        Console.WriteLine($"{Units.Format(cost.JoulesPerInference, "J")} and {Units.Format(cost.SecondsPerInference, "s")} an image");

        double Accuracy(Module<Tensor, Tensor> network)
        {
            using var scope = NewDisposeScope();
            return network.call(test.Flatten()).argmax(1).eq(test.Labels).to_type(ScalarType.Float32).mean().item<float>();
        }

        Assert.Equal(Units.Year, chip.Time);
        Assert.InRange(Accuracy(model), 0.5, 1); // a guess gets 10 %
        Assert.InRange(cost.JoulesPerInference, 1e-10, 1e-7);
    }

    [Fact]
    public void TrainedForTheChip()
    {
        TrainDigits();
        using var model = Sequential(("fc1", Linear(784, 64)), ("act1", Tanh()), ("fc2", Linear(64, 10)));
        model.LoadWeights("digits.safetensors");
        model.ToAnalog(PcmPresets.HardwareAwareForInference, seed: 42);           // reads and weights are noisy from now on
        using var train = GeneratedDigits.Create(1_000, seed: 1);
        using var optimizer = optim.Adam(model.parameters(), lr: 1e-4);
        using var loss = CrossEntropyLoss();
        for (var first = 0; first < train.Count; first += 50)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(model.call(train.Flatten().narrow(0, first, 50)), train.Labels.narrow(0, first, 50)).backward();
            optimizer.step();
        }
        model.eval();
        using var chip = model.Program(PcmPresets.Inference, seed: 7);
        chip.DriftTo(1 * Units.Year);

        using var digits = GeneratedDigits.Create(500, seed: 1, train: false);
        using var right = model.call(digits.Flatten()).argmax(1).eq(digits.Labels);
        Assert.InRange(right.sum().item<long>(), 250, 500); // a guess gets 50
    }

    [Fact]
    public void FromACsvOfPulsesToATrainedNetwork()
    {
        MeasureDevice();
        var columns = MeasuredJumps.ReadColumns("pulses.csv");
        var device = new JumpTable
        {
            Jumps = MeasuredJumps.FromSequences([columns[0]], [columns[1]], bins: 20, quantiles: 21), // steps at each conductance
            GMax = 25 * Units.uS,                                                 // the largest conductance, and what devices differ by
            GMaxSpread = 2 * Units.uS,
        };
        var hardware = new TileConfig
        {
            Cell = new SingleDevice { Device = device, Reference = new MidRangeReference(), ValuePerWeight = 12.5 * Units.uS },
            Scaling = new FanInScaling(),                                         // layers with few inputs use less conductance a weight
        };
        Console.WriteLine(ConfigJson.Write(hardware));                            // the same as a file

        using var model = Mlp.Create([784, 32, 10], seed: 1);
        Console.WriteLine(model.ToAnalog(hardware, seed: 42));
        using var optimizer = new AnalogSGD(model.parameters(), lr: 0.02);
        using var loss = CrossEntropyLoss();
        using var train = GeneratedDigits.Create(1_500, seed: 1);
        for (var i = 0; i < train.Count; i++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(model.call(train.Flatten().narrow(0, i, 1)), train.Labels.narrow(0, i, 1)).backward();
            optimizer.step();                                                     // pulses on every crossing where two trains coincide
        }

        using var test = GeneratedDigits.Create(500, seed: 1, train: false);
        model.eval();
        using var right = model.call(test.Flatten()).argmax(1).eq(test.Labels);
        Console.WriteLine($"{right.sum().item<long>()} of {test.Count} digits are right");

        Assert.InRange(right.sum().item<long>(), 250, 500); // a guess gets 50
    }

    [Fact]
    public void FeaturesOfABackbone()
    {
        Directory.CreateDirectory("weights");
        using (var published = Zoo.Create("squeezenet1_1", seed: 1))
            published.SaveWeights("weights/squeezenet1_1.pth");
        using var images = ImageSet.FromBytes("dark", new byte[2 * 3 * 224 * 224], 3, 224, 224, [0, 1], 2);

        using var backbone = PretrainedWeights.LoadBackbone("squeezenet1_1", "weights/squeezenet1_1.pth");   // [batch, 3, 224, 224] → [batch, 512]
        using var features = new FeatureCache("cache").GetOrCompute("squeezenet1_1", backbone, images, Preprocessing.ImageNet);

        Assert.Equal((2, 512), (features.Rows, features.Width));
    }

    /// <summary>A network in floating point, as the file of somebody's training.</summary>
    private static void TrainDigits()
    {
        using var model = Mlp.Create([784, 64, 10], seed: 1);
        using var train = GeneratedDigits.Create(2_000, seed: 1);
        using var optimizer = optim.Adam(model.parameters(), lr: 2e-3);
        using var loss = CrossEntropyLoss();
        for (var epoch = 0; epoch < 3; epoch++)
            for (var first = 0; first < train.Count; first += 50)
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                loss.call(model.call(train.Flatten().narrow(0, first, 50)), train.Labels.narrow(0, first, 50)).backward();
                optimizer.step();
            }
        model.SaveWeights("digits.safetensors");
    }

    /// <summary>A device of soft bounds with some noise, as a file of measurements.</summary>
    private static void MeasureDevice()
    {
        const int Pulses = 300;
        var random = CounterRandom.Of(3, 0, 0);
        var (up, down) = (0.5, 24.5);
        using var file = new StreamWriter("pulses.csv");
        file.WriteLine("up [uS],down [uS]");
        for (var pulse = 0; pulse < Pulses; pulse++)
        {
            file.WriteLine(FormattableString.Invariant($"{up:F4},{down:F4}"));
            up += 0.2 * (1 - up / 26) * (0.5 + random.Uniform());
            down -= 0.2 * (down / 26) * (0.5 + random.Uniform());
        }
    }
}
