using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Convolutions on tiles are torch's own as long as the hardware is ideal, and read rows of patches otherwise.</summary>
public class ConvolutionTests
{
    private const double Close = 2e-5; // sums of up to some hundred products of numbers near 1, in float

    private static readonly TileConfig Ideal = new() { Cell = IdealCell, Update = new ExactUpdate() };

    public static TheoryData<string> Layers => new(Cases.Select(one => one.Name));

    private static SingleDevice IdealCell => new()
    {
        Device = new ConstantStep { DwMin = 1e-3, Min = -10, Max = 10, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 },
    };

    private static IReadOnlyList<(string Name, Func<Module<Tensor, Tensor>> Layer, long[] Input)> Cases { get; } =
    [
        ("1d", () => Conv1d(3, 5, 3), [2, 3, 11]),
        ("1d, strided and dilated", () => Conv1d(4, 6, 3, stride: 2, padding: 2, dilation: 2, groups: 2), [3, 4, 12]),
        ("1d, one sample", () => Conv1d(3, 5, 3, padding: 1), [3, 11]),
        ("2d", () => Conv2d(3, 5, 3, padding: 1), [2, 3, 8, 7]),
        ("2d, no bias", () => Conv2d(3, 5, 3, bias: false), [2, 3, 8, 7]),
        ("2d, strided, odd rest", () => Conv2d(3, 4, (3, 2), stride: (3, 2), padding: (1, 0)), [2, 3, 10, 9]),
        ("2d, dilated", () => Conv2d(2, 4, 3, padding: 2, dilation: 2), [2, 2, 9, 9]),
        ("2d, groups", () => Conv2d(6, 9, 3, padding: 1, groups: 3), [2, 6, 6, 5]),
        ("2d, depthwise", () => Conv2d(5, 10, 3, stride: 2, padding: 1, groups: 5), [2, 5, 7, 7]),
        ("2d, one by one", () => Conv2d(7, 3, 1), [2, 7, 4, 4]),
        ("2d, same", () => Conv2d(3, 4, (4, 3), Padding.Same), [2, 3, 7, 6]),
        ("2d, reflect", () => Conv2d(3, 4, 3, padding: 1, padding_mode: PaddingModes.Reflect), [2, 3, 6, 6]),
        ("2d, replicate", () => Conv2d(3, 4, 3, padding: 1, padding_mode: PaddingModes.Replicate), [2, 3, 6, 6]),
        ("2d, circular", () => Conv2d(3, 4, 3, padding: 1, padding_mode: PaddingModes.Circular), [2, 3, 6, 6]),
        ("2d, one sample", () => Conv2d(3, 5, 3, padding: 1), [3, 8, 7]),
        ("3d", () => Conv3d(2, 3, 2, stride: 2, padding: 1), [2, 2, 5, 4, 6]),
    ];

    [Theory]
    [MemberData(nameof(Layers))]
    public void InMemoryStepIsThatOfTorch(string name) => StepsAreEqual(name, Ideal, inMemory: true);

    [Theory]
    [MemberData(nameof(Layers))]
    public void HardwareAwareStepIsThatOfTorch(string name) => StepsAreEqual(name, new HardwareAwareConfig(), inMemory: false);

    [Theory]
    [MemberData(nameof(Layers))]
    public void AGridOfIdealTilesIsOneTile(string name) =>
        StepsAreEqual(name, Ideal with { Size = new LimitedSize { Inputs = 7, Outputs = 2 }, Forward = AlmostIdeal, Backward = AlmostIdeal }, inMemory: true);

    [Theory]
    [MemberData(nameof(Layers))]
    public void AGridOfIdealTilesTrainsHardwareAware(string name) =>
        StepsAreEqual(name, new HardwareAwareConfig { Size = new LimitedSize { Inputs = 7, Outputs = 2 }, Forward = AlmostIdeal, Backward = AlmostIdeal }, inMemory: false);

    /// <summary>Two ways to the same answer: around torch's convolution, and row by row of unfolded patches.</summary>
    [Theory]
    [MemberData(nameof(Layers))]
    public void PassesAroundTheProductGiveWhatRowsGive(string name)
    {
        using var scope = NewDisposeScope();
        var (_, create, shape) = Cases.Single(one => one.Name == name);
        var converters = new AnalogPath { Scaling = new ConstantScaling { Scale = 4 }, Dac = new UniformConverter { Bits = 6 }, Adc = new UniformConverter { Bits = 8, Bound = 4 } };
        var byRows = converters with { ReadNoise = new AdditiveReadNoise { Deviation = 0 } }; // no noise, but a path that needs rows
        var (layer, twin) = (create(), create());
        twin.load_state_dict(layer.state_dict());
        layer.ToAnalog(Ideal with { Forward = converters, Backward = converters });
        twin.ToAnalog(Ideal with { Forward = byRows, Backward = byRows });
        var x = Input(shape);
        var (y, dx) = ForwardBackward(layer, x);
        var (yOfRows, dxOfRows) = ForwardBackward(twin, x);
        // A sum that lies on the border of two levels may fall on either side.
        const double Level = 2 * 4.0 / 254 * 4;
        Assert.True((y - yOfRows).abs().max().item<float>() <= Level * 1.001);
        Assert.True(((y - yOfRows).abs() > 1e-5).to(ScalarType.Float32).mean().item<float>() < 0.01);
        Assert.True((dx - dxOfRows).abs().max().item<float>() <= 20 * Level); // patches that overlap, and borders that mirror, are converted each by itself
    }

    [Fact]
    public void PulsesAimAtTheGradientInEveryGroup()
    {
        using var scope = NewDisposeScope();
        var layer = Conv2d(6, 4, 3, padding: 1, groups: 2);
        var start = layer.weight!.clone();
        layer.ToAnalog(new TileConfig
        {
            Cell = IdealCell with { Device = ((ConstantStep)IdealCell.Device) with { DwMin = 2e-5 } },
            Update = new StochasticTrains { BitLength = 31 },
        }, seed: 5);
        const double Rate = 4e-4; // one pulse in each of the 31 slots is 6.2e-4, so that no train saturates
        const int Steps = 100;
        using var optimizer = new AnalogSGD(layer.parameters(), Rate);
        var x = Input([4, 6, 8, 8]);
        var reference = Conv2d(6, 4, 3, padding: 1, groups: 2);
        reference.load_state_dict(new() { ["weight"] = start, ["bias"] = layer.bias!.clone() });
        (reference.call(x) * Sign([4, 4, 8, 8])).sum().backward();
        for (var step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            (layer.call(x) * Sign([4, 4, 8, 8])).sum().backward();
            optimizer.step();
        }
        // A sample sends some 10 ± 4 pulses to a weight: over 25,600 of them the sum is good to 4·√25,600/(10·100·√256), 4 %, and 5 deviations of 216 weights.
        var (change, aim) = ((start - layer.weight!) / (float)(Rate * Steps), reference.weight!.grad!);
        var off = (change - aim).abs().max().item<float>() / aim.square().mean().sqrt().item<float>();
        Assert.True(off < 0.2, $"off by {off}");
        var tile = layer.AnalogTiles().Single().Tile;
        Assert.Equal(Steps * 4 * 8 * 8, tile.Cells.Examples);
    }

    [Fact]
    public void SamplesAreScaledOnTheirOwn()
    {
        using var scope = NewDisposeScope();
        var layer = Conv2d(2, 3, 3, bias: false);
        layer.ToAnalog(Ideal with { Forward = new AnalogPath { Scaling = new AbsMaxScaling(), Dac = new UniformConverter { Bits = 3 } } });
        var x = Input([1, 2, 6, 6]);
        var both = layer.call(cat([x, 100f * x]));
        Assert.True((both[1] - (100f * both[0])).abs().max().item<float>() < 1e-3f);
    }

    [Fact]
    public void WrongInputsAreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("conv", Conv2d(3, 4, 5)));
        model.ToAnalog(Ideal);
        Assert.Equal("conv: the input must be [samples, 3, size, size], but is [2, 4, 8, 8].", Assert.Throws<ArgumentException>(() => model.call(zeros(2, 4, 8, 8))).Message);
        Assert.StartsWith("conv: the input must be at least 5 long in dimension 3", Assert.Throws<ArgumentException>(() => model.call(zeros(2, 3, 8, 4))).Message, StringComparison.Ordinal);
        Assert.StartsWith("conv: the input must be finite", Assert.Throws<ArgumentException>(() => model.call(full([2, 3, 8, 8], float.NaN))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LayersOfThisLibraryAreThoseOfTorch()
    {
        using var scope = NewDisposeScope();
        var digital = Conv2d(4, 6, 3, stride: 2, padding: 1, groups: 2);
        var analog = new AnalogConv2d(4, 6, 3, Ideal, stride: 2, padding: 1, groups: 2, seed: 3);
        Assert.Equal(digital.named_parameters().Select(entry => (entry.name, string.Join(",", entry.parameter.shape))), analog.named_parameters().Select(entry => (entry.name, string.Join(",", entry.parameter.shape))));
        digital.load_state_dict(new() { ["weight"] = analog.weight.clone(), ["bias"] = analog.bias!.clone() });
        var x = Input([2, 4, 9, 9]);
        Assert.True((digital.call(x) - analog.call(x)).abs().max().item<float>() < Close);
        AnalogConv2d taken = digital;
        Assert.Null(taken.Tile);
        Assert.True((digital.call(x) - taken.call(x)).abs().max().item<float>() < Close);
        taken.ToAnalog(Ideal);
        Assert.NotNull(taken.Tile);
        Assert.True((digital.call(x) - taken.call(x)).abs().max().item<float>() < Close);
    }

    private static AnalogPath AlmostIdeal { get; } = new() { Adc = new UniformConverter { Bits = 24, Bound = 30 } }; // takes the passes, and changes nothing beyond rounding

    private static void StepsAreEqual(string name, LayerHardware hardware, bool inMemory)
    {
        using var scope = NewDisposeScope();
        var (_, create, shape) = Cases.Single(one => one.Name == name);
        var (digital, analog) = (create(), create());
        analog.load_state_dict(digital.state_dict());
        analog.ToAnalog(hardware, seed: 1);
        using var digitalStep = optim.SGD(digital.parameters(), 0.05);
        using optim.Optimizer analogStep = inMemory ? new AnalogSGD(analog.parameters(), 0.05) : optim.SGD(analog.parameters(), 0.05);
        for (var step = 0; step < 3; step++)
        {
            var x = Input(shape, step);
            digitalStep.zero_grad();
            analogStep.zero_grad();
            var (y, dx) = ForwardBackward(digital, x);
            var (yOfTile, dxOfTile) = ForwardBackward(analog, x);
            Assert.Equal(y.shape, yOfTile.shape);
            Assert.True((y - yOfTile).abs().max().item<float>() < Close, $"outputs differ by {(y - yOfTile).abs().max().item<float>()}");
            Assert.True((dx - dxOfTile).abs().max().item<float>() < Close * 4, $"gradients differ by {(dx - dxOfTile).abs().max().item<float>()}");
            digitalStep.step();
            analogStep.step();
            foreach (var (expected, actual) in digital.parameters().Zip(analog.parameters()))
                Assert.True((expected - actual).abs().max().item<float>() < Close * 10, $"parameters differ by {(expected - actual).abs().max().item<float>()}");
        }
    }

    private static (Tensor Y, Tensor Dx) ForwardBackward(Module<Tensor, Tensor> layer, Tensor input)
    {
        var x = input.detach().clone().requires_grad_(true);
        var y = layer.call(x);
        (y * Sign(y.shape)).sum().backward();
        return (y.detach(), x.grad!);
    }

    private static Tensor Input(long[] shape, int seed = 0) => Noise.Uniform(Rng.FromSeed(seed), shape).mul_(2f).sub_(1f);

    private static Tensor Sign(long[] shape) => Noise.Uniform(Rng.FromSeed(77), shape).sub_(0.5f).sign_();

    /// <summary>Activations that overwrite their input are common after convolutions.</summary>
    [Fact]
    public void OutputsMayBeChangedInPlace()
    {
        foreach (var hardware in new LayerHardware[] { new HardwareAwareConfig(), PcmPresets.HardwareAware, new TileConfig(), new TileConfig { Forward = PcmPresets.EightBitPath } })
        {
            using var scope = NewDisposeScope();
            using var layer = Conv2d(2, 3, 3, padding: 1);
            layer.ToAnalog(hardware, seed: 1);
            using var optimizer = new AnalogSGD(layer.parameters(), 0.01);
            var x = Noise.Normal(new Rng(1), [2, 2, 5, 5]).requires_grad_(true);
            var y = layer.call(x).relu_();
            y.sum().backward();
            optimizer.step();
            Assert.True((y >= 0).all().item<bool>());
            Assert.True(x.grad!.abs().sum().item<float>() > 0);
        }
    }
}
