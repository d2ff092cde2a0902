using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Models.Networks;
using AnalogTorch.Presets;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Energy;

/// <summary>An input that a model cannot take is answered by one sentence with the layer and both shapes.</summary>
public class WrongInputTests
{
    private static readonly Duration14nm Design = new();

    public static TheoryData<string> Layers => new(
        "linear", "on a chip", "conv1d", "conv2d", "conv2d with a border", "too small", "conv3d", "lstm", "lstm state", "gru", "rnn", "lstmcell",
        "grucell state", "deep in a model", "norm", "a cell without state", "two inputs", "dtype");

    [Theory]
    [MemberData(nameof(Layers))]
    public void BothShapesAreNamed(string layer)
    {
        using var scope = NewDisposeScope();
        var (model, pass, parts) = Case(layer);
        using (model)
        {
            var message = Assert.Throws<ArgumentException>(() => model.EstimateCost(Design, 1, pass)).Message;
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
            Assert.DoesNotContain('\n', message);
            Assert.EndsWith(".", message);
            Assert.DoesNotContain("frame #", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ASampleIsNamedToo()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("flat", Flatten()), ("fc1", Linear(528, 10)));
        var message = Assert.Throws<ArgumentException>(() => model.EstimateCost(Design, zeros(1, 1, 28, 28))).Message;
        Assert.Equal("fc1: the input must be [..., 528], but is [1, 784], in a sample [1, 1, 28, 28].", message);
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => model.EstimateCost(Design, [1, 1, 28, 28])).Message);
        Assert.Contains("one sample or more along the first dimension, but got a tensor []", Assert.Throws<ArgumentException>(() => model.EstimateCost(Design, tensor(1f))).Message, StringComparison.Ordinal);
        Assert.Contains("but got a tensor [0, 528]", Assert.Throws<ArgumentException>(() => model.EstimateCost(Design, [0, 528])).Message, StringComparison.Ordinal);
        Assert.Contains("without negative sizes, but got [-1, 528]", Assert.Throws<ArgumentException>(() => model.EstimateCost(Design, [-1, 528])).Message, StringComparison.Ordinal);
        Assert.True(model.EstimateCost(Design, zeros(1, 528)).JoulesPerInference > 0); // nothing is left behind
    }

    /// <summary>What is no fault of a shape stays what it was.</summary>
    [Fact]
    public void ExceptionsOfThePassItselfPass()
    {
        using var model = Linear(2, 2);
        Assert.Throws<InvalidTimeZoneException>(() => model.TakeCensus(1, () => throw new InvalidTimeZoneException("mine")));
    }

    private static (Module Model, Action Pass, string[] Parts) Case(string layer)
    {
        switch (layer)
        {
            case "linear":
                var linear = Linear(6, 4);
                return (linear, () => linear.call(zeros(1, 5)), ["Linear", "[..., 6]", "[1, 5]"]);
            case "on a chip":
                var programmed = Linear(6, 4);
                programmed.Program(PcmPresets.Inference, seed: 1);
                return (programmed, () => programmed.call(zeros(1, 5)), ["Linear", "[..., 6]", "[1, 5]"]);
            case "conv1d":
                var conv1 = Conv1d(2, 4, 3);
                return (conv1, () => conv1.call(zeros(1, 3, 8)), ["Conv1d", "[samples, 2, size]", "[1, 3, 8]"]);
            case "conv2d":
                var conv2 = Conv2d(4, 4, 3, groups: 2);
                return (conv2, () => conv2.call(zeros(1, 4, 8)), ["[samples, 4, size, size]", "[1, 4, 8]"]);
            case "conv2d with a border":
                var bordered = Conv2d(2, 4, 3, padding: 1, padding_mode: PaddingModes.Circular);
                return (bordered, () => bordered.call(zeros(1, 3, 8, 8)), ["[samples, 2, size, size]", "[1, 3, 8, 8]"]);
            case "too small":
                var wide = Conv2d(2, 4, (7L, 5L), padding: (1L, 0L));
                return (wide, () => wide.call(zeros(1, 2, 4, 8)), ["at least 5 long in dimension 2", "[1, 2, 4, 8]"]);
            case "conv3d":
                var conv3 = Conv3d(1, 2, 3);
                return (conv3, () => conv3.call(zeros([1, 2, 8, 8, 8])), ["[samples, 1, size, size, size]", "[1, 2, 8, 8, 8]"]);
            case "lstm":
                var lstm = LSTM(5, 4);
                return (lstm, () => lstm.call(zeros(3, 1, 6)), ["LSTM", "[time, samples, 5]", "[3, 1, 6]"]);
            case "lstm state":
                var begun = LSTM(5, 4, numLayers: 2);
                return (begun, () => begun.call(zeros(3, 2, 5), (zeros(2, 2, 4), zeros(2, 2, 3))), ["cell state", "[2, 2, 4]", "[2, 2, 3]"]);
            case "gru":
                var gru = GRU(5, 4, batchFirst: true);
                return (gru, () => gru.call(zeros(3, 1, 4)), ["[samples, time, 5]", "[3, 1, 4]"]);
            case "rnn":
                var rnn = RNN(5, 4, bidirectional: true);
                return (rnn, () => rnn.call(zeros(3, 2, 5), zeros(1, 2, 4)), ["hidden state", "[2, 2, 4]", "[1, 2, 4]"]);
            case "lstmcell":
                var cell = LSTMCell(5, 4);
                return (cell, () => cell.call(zeros(2, 6)), ["[samples, 5]", "[2, 6]"]);
            case "grucell state":
                var step = GRUCell(5, 4);
                return (step, () => step.call(zeros(2, 5), zeros(2, 3)), ["hidden state", "[2, 4]", "[2, 3]"]);
            case "deep in a model":
                var deep = Sequential(("conv", Conv2d(3, 4, 3)), ("flat", Flatten()), ("head", Linear(100, 2)));
                return (deep, () => deep.call(zeros(1, 3, 8, 8)), ["head", "[..., 100]", "[1, 144]"]);
            case "norm":
                var norm = Sequential(("norm", BatchNorm2d(5)), ("conv", Conv2d(5, 4, 3)));
                return (norm, () => norm.call(zeros(2, 3, 8, 8)), ["norm", "weight is [5]", "[2, 3, 8, 8]"]);
            case "a cell without state":
                var stateless = LSTMCell(5, 4);
                return (stateless, () => stateless.call(zeros(2, 5)), ["in, or go on after, LSTMCell", "[2, 5]", "batch size"]);
            case "two inputs":
                var pair = Zoo.Create<Seq2Seq>("seq2seq", 20);
                return (pair, () => pair.call(zeros([1, 4], ScalarType.Int64), zeros([3, 4], ScalarType.Int64)), ["[1, 4]", "[3, 4]"]);
            default:
                var typed = Linear(6, 4);
                return (typed, () => typed.call(zeros([1, 6], ScalarType.Float64)), ["must be Float32", "Float64 [1, 6]"]);
        }
    }
}
