using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Torture;

/// <summary>A network that has every kind of layer which can be on tiles, and dropout.</summary>
internal sealed class TortureNet : nn.Module<Tensor, Tensor>
{
    /// <summary>Ways to train it whose bits are promised; torch alone may come to others in another process.</summary>
    public static readonly string[] Ways = ["memory", "hardware-aware"];

    private readonly Conv2d plane = nn.Conv2d(2, 3, 3, padding: 1);
    private readonly ConvTranspose2d grown = nn.ConvTranspose2d(3, 2, 2, stride: 2);
    private readonly Conv1d line = nn.Conv1d(2, 3, 3, padding: 1);
    private readonly Conv3d solid = nn.Conv3d(1, 2, 2);
    private readonly Linear joined = nn.Linear(12, 10);
    private readonly Dropout dropout = nn.Dropout(0.3);
    private readonly LSTM lstm = nn.LSTM(5, 4);
    private readonly GRU gru = nn.GRU(4, 4, bidirectional: true);
    private readonly RNN rnn = nn.RNN(8, 4);
    private readonly LSTMCell lstmCell = nn.LSTMCell(4, 4);
    private readonly GRUCell gruCell = nn.GRUCell(4, 4);
    private readonly RNNCell rnnCell = nn.RNNCell(4, 4);
    private readonly Bilinear pair = nn.Bilinear(4, 4, 4);
    private readonly Linear last = nn.Linear(4, 3);

    public TortureNet(long seed) : base(nameof(TortureNet))
    {
        RegisterComponents();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in named_parameters())
            parameter.copy_(Noise.Uniform(Rng.FromSeed(seed).Split(name), parameter.shape).sub_(0.5f).mul_(0.6f));
    }

    /// <summary>A network put where it is trained, with its optimizer.</summary>
    public static (TortureNet Model, OptimizerHelper Optimizer) Create(string way, long seed)
    {
        var model = new TortureNet(seed);
        model.ToAnalog(way == "memory" ? PcmPresets.MspLsp : PcmPresets.HardwareAware, seed);
        return (model, way == "memory" ? new AnalogSGD(model.parameters(), 0.02) : optim.Adam(model.parameters(), 1e-3));
    }

    /// <summary>Images [samples, 2, 4, 4].</summary>
    public static Tensor Input(long seed, int samples = 2) => Noise.Uniform(Rng.FromSeed(seed).Split("input"), [samples, 2, 4, 4]).sub_(0.5f);

    public override Tensor forward(Tensor input)
    {
        var samples = input.shape[0];
        var x = plane.call(input).tanh(); // [samples, 3, 4, 4]
        x = grown.call(x); // [samples, 2, 8, 8]
        var lines = line.call(x.mean([3])); // [samples, 3, 8]
        var cubes = solid.call(x.reshape(samples, 1, 2, 8, 8)).mean([2, 4]); // [samples, 2, 7]
        x = cat([lines.mean([2]), cubes.flatten(1).narrow(1, 0, 9)], 1).tanh(); // [samples, 12]
        x = dropout.call(joined.call(x)).view(samples, 2, 5).transpose(0, 1); // [2, samples, 5]
        var (states, _, _) = lstm.call(x);
        (states, _) = gru.call(states);
        (states, _) = rnn.call(states);
        var end = states.select(0, 1); // [samples, 4]
        var (hidden, _) = lstmCell.call(end, (zeros_like(end), zeros_like(end))); // TorchSharp 0.107.0 takes no cell without a state
        var first = gruCell.call(hidden, null!);
        var second = rnnCell.call(hidden, null!);
        return last.call(pair.call(first, second).tanh());
    }

    /// <summary>One step on inputs of a number of its own.</summary>
    public static void Step(nn.Module<Tensor, Tensor> model, OptimizerHelper optimizer, long number)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        model.call(Input(number)).square().mean().backward();
        optimizer.step();
    }
}
