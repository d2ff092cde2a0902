using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Recurrent layers on ideal tiles are torch's own, in value, gradient and training.</summary>
public class RecurrentTests
{
    private const int Time = 6, Samples = 3, Inputs = 5, Units = 7;
    private const double Rate = 0.002; // so small that rectified units do not run away
    private const double Close = 5e-6; // chains of some ten steps, of numbers below 1, in float

    private static readonly TileConfig Ideal = new()
    {
        Cell = new SingleDevice { Device = new ConstantStep { DwMin = 1e-3, Min = -10, Max = 10, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 } },
        Update = new ExactUpdate(),
    };

    public static IEnumerable<string> Kinds => ["lstm", "gru", "tanh", "relu"];

    public static TheoryData<string, int, bool, bool, bool> Layers
    {
        get
        {
            var data = new TheoryData<string, int, bool, bool, bool>();
            foreach (var kind in Kinds)
                foreach (var layers in new[] { 1, 2 })
                    foreach (var (bidirectional, batchFirst, bias) in new[] { (false, false, true), (true, false, true), (false, true, false), (true, true, true) })
                        data.Add(kind, layers, bidirectional, batchFirst, bias);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void StepsInMemoryAreThoseOfTorch(string kind, int layers, bool bidirectional, bool batchFirst, bool bias) =>
        StepsAreEqual(kind, layers, bidirectional, batchFirst, bias, Ideal);

    [Theory]
    [MemberData(nameof(Layers))]
    public void HardwareAwareStepsAreThoseOfTorch(string kind, int layers, bool bidirectional, bool batchFirst, bool bias) =>
        StepsAreEqual(kind, layers, bidirectional, batchFirst, bias, new HardwareAwareConfig());

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("tanh")]
    public void LayersOfThisLibraryAreThoseOfTorch(string kind)
    {
        using var scope = NewDisposeScope();
        var torch = Create(kind, 2, bidirectional: true, batchFirst: true, bias: true, dropout: 0);
        nn.Module analog = kind switch
        {
            "lstm" => new AnalogLSTM(Inputs, Units, Ideal, numLayers: 2, batchFirst: true, bidirectional: true, seed: 4),
            "gru" => new AnalogGRU(Inputs, Units, Ideal, numLayers: 2, batchFirst: true, bidirectional: true, seed: 4),
            _ => new AnalogRNN(Inputs, Units, Ideal, numLayers: 2, batchFirst: true, bidirectional: true, seed: 4),
        };
        Assert.Equal(
            torch.named_parameters().Select(entry => (entry.name, string.Join(",", entry.parameter.shape))),
            analog.named_parameters().Select(entry => (entry.name, string.Join(",", entry.parameter.shape))));
        using (no_grad())
            foreach (var (from, to) in analog.parameters().Zip(torch.parameters()))
                to.copy_(from);
        var x = Uniform(1, Samples, Time, Inputs);
        Equal(Run(torch, x), Run(analog, x));
    }

    [Fact]
    public void ALayerMadeFromTorchsIsDigitalUntilConverted()
    {
        using var scope = NewDisposeScope();
        var torch = LSTM(Inputs, Units, numLayers: 2, dropout: 0.25);
        AnalogLSTM analog = torch;
        Assert.Empty(analog.Tiles);
        torch.eval();
        analog.eval();
        var x = Uniform(1, Time, Samples, Inputs);
        Equal(Run(torch, x), Run(analog, x));
        analog.ToAnalog(Ideal);
        Assert.Equal(4, analog.Tiles.Count);
        Equal(Run(torch, x), Run(analog, x));
        analog.ToDigital();
        Assert.Empty(analog.Tiles);
        Equal(Run(torch, x), Run(analog, x));
    }

    [Theory]
    [InlineData("lstm", 0.0)]
    [InlineData("lstm", 0.35)]
    [InlineData("gru", 0.5)]
    [InlineData("tanh", 0.9)]
    [InlineData("relu", 0.125)]
    [InlineData("relu", 1.0)]
    public void TorchsDropoutIsFoundOut(string kind, double dropout)
    {
        using var scope = NewDisposeScope();
        var layer = Create(kind, 3, bidirectional: kind == "gru", batchFirst: false, bias: kind != "tanh", dropout);
        var before = layer.parameters().Select(parameter => parameter.clone()).ToArray();
        var random = get_rng_state().clone();
        var settings = RecurrentSettings.Of(layer);
        Assert.Equal(dropout, settings.Dropout, 4);
        Assert.Equal(kind == "relu", settings.Kernel is RecurrentKernel<ReluStep>);
        Assert.All(layer.parameters().Zip(before), pair => Assert.True(Same(pair.First, pair.Second)));
        Assert.True(layer.training);
        Assert.True(Same(get_rng_state(), random));
    }

    [Fact]
    public void DropoutActsBetweenLayersInTrainingAlone()
    {
        using var scope = NewDisposeScope();
        var layer = LSTM(Inputs, Units, numLayers: 2, dropout: 0.5);
        layer.ToAnalog(new HardwareAwareConfig());
        var x = Uniform(1, Time, Samples, Inputs);
        Assert.NotEqual(0, (Run(layer, x)[0] - Run(layer, x)[0]).abs().max().item<float>());
        layer.eval();
        Assert.Equal(0, (Run(layer, x)[0] - Run(layer, x)[0]).abs().max().item<float>());
    }

    [Fact]
    public void ConvertersAndNoiseWorkOnBothMatrices()
    {
        using var scope = NewDisposeScope();
        var path = new AnalogPath { Scaling = new AbsMaxScaling(), Dac = new UniformConverter { Bits = 8 }, OutputNoise = 0.02, Adc = new UniformConverter { Bits = 8, Bound = 10 } };
        var (digital, analog) = (LSTM(20, 30), LSTM(20, 30));
        analog.load_state_dict(digital.state_dict());
        analog.ToAnalog(new HardwareAwareConfig { Forward = path, Backward = path }, seed: 3);
        var x = Uniform(1, 12, 16, 20);
        var (expected, first, second) = (Run(digital, x)[0], Run(analog, x)[0], Run(analog, x)[0]);
        var (off, between) = ((expected - first).square().mean().sqrt().item<float>(), (second - first).square().mean().sqrt().item<float>());
        Assert.InRange(off, 0.001, 0.02); // gates near 1/2 pass on a quarter of the noise, and cells add it up
        Assert.InRange(between, off, 2 * off);
    }

    [Fact]
    public void SameSeedSameBitsWhateverTheThreads()
    {
        using var scope = NewDisposeScope();
        var path = new AnalogPath { Scaling = new AbsMaxScaling(), Dac = new UniformConverter { Bits = 8 }, OutputNoise = 0.02, Adc = new UniformConverter { Bits = 8, Bound = 10 } };
        var start = LSTM(20, 30).state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        var threads = get_num_threads();
        try
        {
            var results = new[] { 1, 2 }.Select(count =>
            {
                set_num_threads(count);
                var layer = LSTM(20, 30);
                layer.load_state_dict(start);
                layer.ToAnalog(Ideal with { Forward = path, Backward = path }, seed: 3);
                return Run(layer, Uniform(1, 12, 16, 20));
            }).ToArray();
            Assert.All(results[0].Zip(results[1]), pair => Assert.True(Same(pair.First, pair.Second)));
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Fact]
    public void WrongInputsAreRefused()
    {
        using var scope = NewDisposeScope();
        using var layer = LSTM(Inputs, Units);
        layer.ToAnalog(Ideal);
        Assert.Equal(
            "LSTM.ih_l0: the input must be [time, samples, 5], or [time, 5], with at least one step, but is [6, 3, 4]; its last dimension is the number of inputs.",
            Assert.Throws<ArgumentException>(() => layer.call(zeros(Time, Samples, 4))).Message);
        Assert.Equal(
            "LSTM.ih_l0: the initial hidden state must be [1, 3, 7], but is [1, 2, 7].",
            Assert.Throws<ArgumentException>(() => layer.call(zeros(Time, Samples, Inputs), (zeros(1, 2, Units), zeros(1, Samples, Units)))).Message);
        Assert.StartsWith("LSTM.ih_l0: the input must be finite", Assert.Throws<ArgumentException>(() => layer.call(full([Time, Samples, Inputs], float.NaN))).Message, StringComparison.Ordinal);
    }

    private static void StepsAreEqual(string kind, int layers, bool bidirectional, bool batchFirst, bool bias, LayerHardware hardware)
    {
        using var scope = NewDisposeScope();
        var (digital, analog) = (Create(kind, layers, bidirectional, batchFirst, bias, 0), Create(kind, layers, bidirectional, batchFirst, bias, 0));
        using (no_grad())
            foreach (var (from, to) in digital.parameters().Zip(analog.parameters()))
                to.copy_(from);
        var names = digital.named_parameters().Select(entry => entry.name).ToArray();
        analog.ToAnalog(hardware, seed: 1);
        Assert.Equal(names, analog.named_parameters().Select(entry => entry.name));
        using var digitalStep = optim.SGD(digital.parameters(), Rate);
        using optim.Optimizer analogStep = hardware is TileConfig ? new AnalogSGD(analog.parameters(), Rate) : optim.SGD(analog.parameters(), Rate);
        for (var step = 0; step < 3; step++)
        {
            var x = Uniform(step, batchFirst ? [Samples, Time, Inputs] : [Time, Samples, Inputs]);
            var start = Uniform(10 + step, layers * (bidirectional ? 2 : 1), Samples, Units);
            digitalStep.zero_grad();
            analogStep.zero_grad();
            Equal(Run(digital, x, start), Run(analog, x, start));
            digitalStep.step();
            analogStep.step();
            Equal([.. digital.parameters()], [.. analog.parameters()]);
        }
    }

    private static nn.Module Create(string kind, int layers, bool bidirectional, bool batchFirst, bool bias, double dropout) => kind switch
    {
        "lstm" => LSTM(Inputs, Units, layers, bias, batchFirst, dropout, bidirectional),
        "gru" => GRU(Inputs, Units, layers, bias, batchFirst, dropout, bidirectional),
        _ => RNN(Inputs, Units, layers, kind == "relu" ? NonLinearities.ReLU : NonLinearities.Tanh, bias, batchFirst, dropout, bidirectional),
    };

    /// <summary>Outputs, last states, and gradients by inputs and start states.</summary>
    private static Tensor[] Run(nn.Module layer, Tensor input, Tensor? start = null)
    {
        var x = input.detach().clone().requires_grad_(true);
        var h = start?.detach().clone().requires_grad_(true);
        var c = start?.detach().mul(0.5f).requires_grad_(true);
        Tensor[] results = layer switch
        {
            Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor, Tensor)> lstm => Three(lstm.call(x, h is null ? null : (h, c!))),
            Module<Tensor, Tensor, (Tensor, Tensor)> gru => Two(gru.call(x, h!)),
            _ => throw new InvalidOperationException(layer.GetName()),
        };
        results.Select((result, index) => (result * Uniform(20 + index, result.shape)).sum()).Aggregate((a, b) => a + b).backward();
        var gradients = new List<Tensor> { x.grad! };
        if (h is not null)
            gradients.Add(h.grad!);
        if (h is not null && results.Length == 3)
            gradients.Add(c!.grad!);
        return [.. results.Select(result => result.detach()), .. gradients];

        static Tensor[] Three((Tensor, Tensor, Tensor) all) => [all.Item1, all.Item2, all.Item3];

        static Tensor[] Two((Tensor, Tensor) all) => [all.Item1, all.Item2];
    }

    private static void Equal(Tensor[] expected, Tensor[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].shape, actual[i].shape);
            var off = (expected[i] - actual[i]).abs().max().item<float>();
            Assert.True(off < Close * 10, $"result {i} is off by {off}");
        }
    }

    private static bool Same(Tensor a, Tensor b) => a.eq(b).all().item<bool>();

    private static Tensor Uniform(int seed, params long[] shape) => Noise.Uniform(Rng.FromSeed(seed), shape).mul_(2f).sub_(1f);
}
