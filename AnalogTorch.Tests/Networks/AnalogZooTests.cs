using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Networks;

/// <summary>Every network of the zoo on tiles: the same network on ideal hardware, and one that trains on real hardware.</summary>
public class AnalogZooTests
{
    private const float Close = 1e-5f; // the project's bound for ideal tiles, of the largest output

    private static readonly TileConfig Ideal = new()
    {
        Cell = new SingleDevice { Device = new ConstantStep { DwMin = 1e-3, Min = -100, Max = 100, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 } },
        Update = new ExactUpdate(),
    };

    private static readonly TileConfig SoftBounds = new() { Cell = new SingleDevice { Device = new SoftBounds { DwMin = 1e-4 } } };

    private const string Tied = "word_lstm_tied";

    public static TheoryData<string> Names => ZooLaws.Names;

    /// <summary>Networks whose matrices are each in one layer alone, and so can be in memory.</summary>
    public static TheoryData<string> InMemory => new(Zoo.All.Select(architecture => architecture.Name).Where(name => name != Tied));

    [Theory]
    [MemberData(nameof(Names))]
    public void IdealTilesGiveTheDigitalOutput(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (_, network, inputs) = ZooLaws.Small(name);
        network.eval();
        var (expected, keys) = (ZooLaws.Scores(network, inputs), network.state_dict().Keys.ToArray());
        foreach (var hardware in name == Tied ? [new HardwareAwareConfig()] : new LayerHardware[] { Ideal, new HardwareAwareConfig() })
        {
            var report = network.ToAnalog(hardware, seed: 1);
            Assert.All(network.modules().Where(module => LayerKind.Of(module) is not null), layer => Assert.NotNull(AnalogLayer.Of(layer)));
            Assert.All(report.Rows, row => Assert.True(row.IsAnalog || row.Note.StartsWith("digital: ", StringComparison.Ordinal), $"{row.Name}: {row.Note}"));
            Assert.Equal(keys, network.EffectiveState().Keys);
            Same(expected, ZooLaws.Scores(network, inputs), Close);
            network.ToDigital();
            Assert.Equal(keys, network.state_dict().Keys);
            Same(expected, ZooLaws.Scores(network, inputs), Close);
        }
    }

    /// <summary>One step in the memory of ideal devices is torch's own step.</summary>
    [Theory]
    [MemberData(nameof(InMemory))]
    public void AStepInIdealMemoryIsTorchsStep(string name)
    {
        using var scope = NewDisposeScope();
        var (_, digital, inputs) = ZooLaws.Small(name);
        var (_, analog, _) = ZooLaws.Small(name);
        var start = digital.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        digital.train();
        analog.train();
        analog.ToAnalog(Ideal, seed: 1);
        const double Rate = 1e-3;
        using var digitalStep = optim.SGD(digital.parameters(), Rate);
        using var analogStep = new AnalogSGD(analog.parameters(), Rate);
        Step(digital, inputs, digitalStep);
        Step(analog, inputs, analogStep);
        var after = analog.EffectiveState();
        foreach (var (path, values) in digital.state_dict().Where(entry => entry.Value.is_floating_point()))
        {
            // Two roundings of a weight and of its change, and sums in another order.
            var change = (values - start[path]).abs().max().item<float>();
            var off = (values - after[path]).abs().max().item<float>();
            Assert.True(off <= 1e-3f * change + 4e-7f * values.abs().max().item<float>() + 1e-9f, $"{path} changed by {change}, and is off by {off}");
        }
    }

    [Theory]
    [MemberData(nameof(InMemory))]
    public void EveryTileIsPulsed(string name)
    {
        using var scope = NewDisposeScope();
        var (_, network, inputs) = ZooLaws.Small(name);
        network.train();
        network.ToAnalog(SoftBounds with { Forward = PcmPresets.EightBitPath, Backward = PcmPresets.EightBitPath }, seed: 1);
        using var optimizer = new AnalogSGD(network.parameters(), 0.1);
        Step(network, inputs, optimizer);
        Assert.All(network.AnalogTiles(), entry => Assert.True(entry.Tile.Cells.Pulses > 0, $"{entry.Name} received no pulses"));
        Assert.All(network.EffectiveState(), entry => Assert.True(entry.Value.isfinite().all().item<bool>(), entry.Key));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void HardwareAwareTrainingRuns(string name)
    {
        using var scope = NewDisposeScope();
        var (_, network, inputs) = ZooLaws.Small(name);
        network.train();
        network.ToAnalog(PcmPresets.HardwareAware, seed: 1);
        using var optimizer = optim.SGD(network.parameters(), 1e-3);
        Step(network, inputs, optimizer);
        Step(network, inputs, optimizer); // which would throw what went wrong in the first backward pass
        Assert.All(network.named_parameters(), entry => Assert.True(entry.parameter.grad is not null && entry.parameter.grad.isfinite().all().item<bool>(), entry.name));
    }

    [Fact]
    public void AWeightThatADigitalLayerSharesIsRefused()
    {
        using var scope = NewDisposeScope();
        var (_, network, _) = ZooLaws.Small(Tied);
        Assert.StartsWith("decoder and encoder share one weight, but encoder stays digital", Assert.Throws<ArgumentException>(() => network.ToAnalog(Ideal)).Message, StringComparison.Ordinal);
        network.ToAnalog(Ideal, 0, LayerRule.Digital("decoder"));
    }

    private static void Step(Module network, Tensor[] inputs, optim.Optimizer optimizer)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        manual_seed(7); // the same dropout for twins
        var scores = ZooLaws.Scores(network, inputs);
        (scores * Noise.Uniform(Rng.FromSeed(3), scores.shape)).mean().backward();
        optimizer.step();
    }

    private static void Same(Tensor expected, Tensor actual, float close)
    {
        var off = (expected - actual).abs().max().item<float>() / expected.abs().max().item<float>();
        Assert.True(off <= close, $"off by {off} of the largest output");
    }
}
