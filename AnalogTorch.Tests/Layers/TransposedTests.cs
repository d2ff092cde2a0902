using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Habits;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Transposed convolutions on tiles are torch's own as long as the hardware is ideal, and read the channels of one place at a time.</summary>
public class TransposedTests
{
    private const double Close = 2e-5;
    private const int Geometries = 40;

    private static readonly TileConfig Ideal = new() { Cell = IdealCell, Update = new ExactUpdate() };

    public static TheoryData<string> Ways => new(HabitWay.All.Select(way => way.Name));

    private static SingleDevice IdealCell => new()
    {
        Device = new ConstantStep { DwMin = 1e-3, Min = -10, Max = 10, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 },
    };

    /// <summary>A geometry drawn at random, with an input for it.</summary>
    private static (Func<ConvolutionTranspose> Create, long[] Input, string Name) Geometry(int seed)
    {
        var drawn = new Queue<float>(Noise.Uniform(Rng.FromSeed(seed).Split("geometry"), [64]).data<float>().ToArray());
        var dimensions = 1 + seed % 3;
        var groups = Next(1, 4);
        var (inputs, outputs) = (groups * Next(1, 4), groups * Next(1, 3));
        var kernel = Draw(1, 4);
        var (stride, dilation) = (Draw(1, 4), Draw(1, 3));
        var lengths = Draw(1, 6);
        var padding = kernel.Zip(dilation, (size, step) => (long)Next(0, (int)(step * (size - 1)) + 1)).ToArray();
        // TorchSharp takes the first for all dimensions, so torch refuses it where any of them is too short for it.
        var most = (int)stride.Zip(dilation, Math.Max).Min();
        var beyond = stride.Select(_ => (long)Next(0, most)).ToArray();
        for (var d = 0; d < dimensions; d++)
            while ((lengths[d] - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernel[d] - 1) < 0)
                lengths[d]++;
        var hasBias = Next(0, 3) > 0;
        long[] input = [.. Next(0, 4) == 0 ? Array.Empty<long>() : [Next(1, 4)], inputs, .. lengths];
        return (Create, input, $"{dimensions}d {inputs}→{outputs}/{groups} k[{Text(kernel)}] s[{Text(stride)}] p[{Text(padding)}] o[{Text(beyond)}] d[{Text(dilation)}] of [{Text(input)}]");

        long[] Draw(int from, int below) => [.. Enumerable.Range(0, dimensions).Select(_ => (long)Next(from, below))];

        ConvolutionTranspose Create() => dimensions switch
        {
            1 => ConvTranspose1d(inputs, outputs, kernel[0], stride[0], padding[0], beyond[0], dilation[0], groups: groups, bias: hasBias),
            2 => ConvTranspose2d(inputs, outputs, Two(kernel), Two(stride), Two(padding), Two(beyond), Two(dilation), groups: groups, bias: hasBias),
            _ => ConvTranspose3d(inputs, outputs, Three(kernel), Three(stride), Three(padding), Three(beyond), Three(dilation), groups: groups, bias: hasBias),
        };

        int Next(int from, int below) => Math.Min(from + (int)(drawn.Dequeue() * (below - from)), below - 1);

        static (long, long) Two(long[] values) => (values[0], values[1]);

        static (long, long, long) Three(long[] values) => (values[0], values[1], values[2]);

        static string Text(long[] values) => string.Join(",", values);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AnyGeometryIsThatOfTorch(string wayName)
    {
        for (var seed = 0; seed < Geometries; seed++)
        {
            using var scope = NewDisposeScope();
            var way = HabitWay.All.Single(way => way.Name == wayName);
            StepsAreEqual(seed, analog => way.Convert(analog), way.Optimizer, way.Trains);
        }
    }

    [Fact]
    public void AGridOfIdealTilesIsOneTile()
    {
        // Converters that change nothing beyond rounding, but make every tile of the grid a read of its own.
        var almostIdeal = new AnalogPath { Adc = new UniformConverter { Bits = 24, Bound = 30 } };
        var size = new LimitedSize { Inputs = 2, Outputs = 3 };
        for (var seed = 0; seed < Geometries / 2; seed++)
        {
            using var scope = NewDisposeScope();
            StepsAreEqual(seed, analog => Put(analog, Ideal with { Size = size, Forward = almostIdeal, Backward = almostIdeal }), parameters => new AnalogSGD(parameters, 0.05), true);
            StepsAreEqual(seed, analog => Put(analog, new HardwareAwareConfig { Size = size, Forward = almostIdeal, Backward = almostIdeal }), parameters => optim.SGD(parameters, 0.05), true);
        }
    }

    /// <summary>The array: channels of the input in, channels of the output at every place of the kernel out, converted before anything is added.</summary>
    [Fact]
    public void TheArrayGivesWhatEveryPlaceOfTheKernelGets()
    {
        using var scope = NewDisposeScope();
        var layer = ConvTranspose2d(6, 4, (2, 3), groups: 2);
        var report = layer.ToAnalog(Ideal with { Forward = new() { Adc = new UniformConverter { Bits = 3, Bound = 1 } } });
        var row = Assert.Single(report.Rows);
        Assert.Equal(("2 × (3 → 12)", 2 * 3 * 12L), (row.Shape, row.Weights));
        Assert.EndsWith("; its bias is added digitally, where outputs overlap", row.Note, StringComparison.Ordinal);
        var tile = layer.AllTiles().Single().Tile;
        Assert.Equal((3, 24, 2), (tile.Inputs, tile.Outputs, tile.Groups));
        Tensor? seen = null;
        tile.Observers.Watch = read => seen = read.clone().DetachFromDisposeScope();
        var x = Input([1, 6, 2, 2]);
        using (no_grad())
        {
            var y = layer.call(x) - layer.bias!.view([1, -1, 1, 1]);
            const double Level = 2.0 / 6;
            Assert.Equal([4, 24], seen!.shape);
            Assert.True((seen / Level - (seen / Level).round()).abs().max().item<float>() < 1e-4, "the array's outputs are levels of the converter");
            // Of the array, output 1 of group 1 at the place (1, 2) of the kernel, read at the place (1, 1) of the input.
            var exact = (x[0, 3..6, 1, 1] * layer.weight![3..6, 1, 1, 2]).sum().item<float>();
            Assert.True(Math.Abs(seen[3, 12 + 6 + 5].item<float>() - exact) <= Level / 2 + 1e-5);
            Assert.Equal(seen[3, 12 + 6 + 5].item<float>(), y[0, 3, 2, 3].item<float>(), 1e-5f); // a corner that one place alone reaches
        }
    }

    [Fact]
    public void PulsesAimAtTheGradientInEveryGroup()
    {
        using var scope = NewDisposeScope();
        var layer = ConvTranspose2d(6, 4, 3, stride: 2, padding: 1, groups: 2, bias: false);
        var reference = ConvTranspose2d(6, 4, 3, stride: 2, padding: 1, groups: 2, bias: false);
        var start = layer.weight!.clone();
        reference.load_state_dict(new() { ["weight"] = start });
        layer.ToAnalog(new TileConfig
        {
            Cell = IdealCell with { Device = ((ConstantStep)IdealCell.Device) with { DwMin = 2e-5 } },
            Update = new StochasticTrains { BitLength = 31 },
        }, seed: 5);
        const double Rate = 4e-4; // one pulse in each of the 31 slots is 6.2e-4, so that no train saturates
        const int Steps = 100;
        using var optimizer = new AnalogSGD(layer.parameters(), Rate);
        var x = Input([4, 6, 8, 8]);
        var sign = Sign(reference.call(x).shape);
        (reference.call(x) * sign).sum().backward();
        for (var step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            (layer.call(x) * sign).sum().backward();
            optimizer.step();
        }
        // As for convolutions: some 10 ± 4 pulses of a sample, 25,600 of them, and 5 deviations of 108 weights.
        var (change, aim) = ((start - layer.weight!) / (float)(Rate * Steps), reference.weight!.grad!);
        var off = (change - aim).abs().max().item<float>() / aim.square().mean().sqrt().item<float>();
        Assert.True(off < 0.2, $"off by {off}");
        Assert.Equal(Steps * 4 * 8 * 8, layer.AnalogTiles().Single().Tile.Cells.Examples);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void OutputsOfAGivenSizeAreThoseOfTorch(string wayName)
    {
        using var scope = NewDisposeScope();
        var (digital, analog) = (ConvTranspose2d(3, 4, 3, stride: 3, padding: 1), ConvTranspose2d(3, 4, 3, stride: 3, padding: 1));
        analog.load_state_dict(digital.state_dict());
        using var chip = HabitWay.All.Single(way => way.Name == wayName).Convert(analog);
        analog.eval();
        using var noGrad = no_grad();
        var x = Input([2, 3, 4, 5]);
        foreach (var size in new long[]?[] { null, [10, 13], [12, 14], [2, 4, 11, 15] })
        {
            var (expected, y) = (digital.forward(x, size), analog.forward(x, size)); // which the build leads to the tile
            Assert.Equal(expected.shape, y.shape);
            Assert.True((expected - y).abs().max().item<float>() < Close);
        }
        Assert.Equal(4, analog.AllTiles().Single().Tile.Calls.Evaluations);
        Assert.Equal(
            "ConvTranspose2d: output_size must be [10 to 12, 13 to 15] for an input [4, 5], but is [13, 13].",
            Assert.Throws<ArgumentException>(() => analog.forward(x, [13, 13])).Message.Split(" (Parameter")[0]);
    }

    [Fact]
    public void WrongInputsAreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("up", ConvTranspose2d(3, 4, 2, padding: 1)));
        model.ToAnalog(Ideal);
        Assert.Equal("up: the input must be [samples, 3, size, size], but is [2, 4, 8, 8].", Assert.Throws<ArgumentException>(() => model.call(zeros(2, 4, 8, 8))).Message);
        Assert.StartsWith("up: the input must be longer in dimension 3", Assert.Throws<ArgumentException>(() => model.call(zeros(2, 3, 8, 1))).Message, StringComparison.Ordinal);
        Assert.StartsWith("up: the input must be finite", Assert.Throws<ArgumentException>(() => model.call(full([2, 3, 8, 8], float.NaN))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AReadIsCountedForEveryPlaceOfTheInput(string wayName)
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("up", ConvTranspose2d(4, 6, 3, stride: 2, groups: 2)));
        using var chip = HabitWay.All.Single(way => way.Name == wayName).Convert(model);
        model.eval();
        var up = Assert.Single(model.TakeCensus(Input([2, 4, 5, 3])).Layers, layer => layer.Name == "up");
        Assert.Equal((2, 3 * 9, 2, 2 * 5 * 3, 2 * 5 * 3 * 2 * 3 * 9), (up.Inputs, up.Outputs, up.Groups, up.Reads, up.DigitalElements));
    }

    /// <summary>The parameter is a copy of what the cells hold, in torch's own order: whoever writes to it writes the devices, and digital again it stays.</summary>
    [Fact]
    public void TheParameterFollowsTheCellsAndTheyFollowIt()
    {
        using var scope = NewDisposeScope();
        var layer = ConvTranspose1d(2, 3, 2);
        layer.ToAnalog(Ideal with { Cell = new SingleDevice { Device = new ConstantStep { DwMin = 1e-2, CycleNoise = 0.3 } } }, seed: 2);
        var tile = layer.AnalogTiles().Single().Tile;
        Same();
        using (no_grad())
            layer.weight!.copy_(Input([2, 3, 2]) * 0.1f);
        layer.call(Input([1, 2, 4]));
        Assert.Equal(1, tile.Rewrites);
        Same();
        using var optimizer = new AnalogSGD(layer.parameters(), 0.05);
        layer.call(Input([1, 2, 4])).square().sum().backward();
        optimizer.step();
        Same();
        var held = layer.weight!.clone();
        layer.call(Input([1, 2, 4]));
        Assert.Equal(1, tile.Rewrites); // what the devices did themselves is no news to them
        layer.ToDigital();
        Assert.Equal(held, layer.weight);

        void Same() => Assert.Equal(tile.Cells.Weights, layer.weight!.permute(1, 2, 0).reshape(6, 2));
    }

    private static IDisposable? Put(nn.Module layer, LayerHardware hardware)
    {
        layer.ToAnalog(hardware, seed: 1);
        return null;
    }

    private static void StepsAreEqual(int seed, Func<nn.Module, IDisposable?> convert, Func<IEnumerable<Parameter>, optim.Optimizer> optimizer, bool trains)
    {
        var (create, shape, name) = Geometry(seed);
        var (digital, analog) = (create(), create());
        analog.load_state_dict(digital.state_dict());
        using var chip = convert(analog);
        using var digitalStep = optim.SGD(digital.parameters(), 0.05);
        using var analogStep = optimizer(analog.parameters());
        foreach (var group in analogStep.ParamGroups)
            group.LearningRate = 0.05;
        if (!trains)
            analog.eval();
        foreach (var parameter in trains ? [] : analog.parameters())
            parameter.requires_grad = false;
        for (var step = 0; step < (trains ? 3 : 1); step++)
        {
            var x = Input(shape, step);
            digitalStep.zero_grad();
            analogStep.zero_grad();
            var (y, dx) = ForwardBackward(digital, x);
            var (yOfTile, dxOfTile) = ForwardBackward(analog, x);
            Assert.True(y.shape.SequenceEqual(yOfTile.shape), $"{name}: [{string.Join(", ", yOfTile.shape)}] where torch gives [{string.Join(", ", y.shape)}], d {string.Join(",", digital.dilation)} o {string.Join(",", digital.output_padding)} s {string.Join(",", digital.stride)} k {string.Join(",", digital.kernel_size)} p {string.Join(",", digital.padding!)}");
            Check("outputs", y, yOfTile, Close);
            Check("gradients", dx, dxOfTile, Close * 4);
            if (!trains)
                break;
            digitalStep.step();
            analogStep.step();
            foreach (var (expected, actual) in digital.parameters().Zip(analog.parameters()))
                Check("parameters", expected, actual, Close * 10);
        }

        void Check(string what, Tensor expected, Tensor actual, double bound)
        {
            var off = (expected - actual).abs().max().item<float>();
            Assert.True(off < bound, $"{name}: {what} differ by {off}");
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
}
