using AnalogTorch.Conductance;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Fuzzing;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Habits;

/// <summary>A chip that goes away, or to another time, while other threads evaluate: each answer is of one state, or a clear exception.</summary>
public class DisposalTests
{
    private const int Threads = 4;
    private static readonly int Rounds = Environment.GetEnvironmentVariable("ANALOGTORCH_LONG") == "1" ? 500 : 12; // of each kind

    public static TheoryData<string> Kinds => new("a network", "forward of a network", "Linear", "LSTM", "Conv2d");

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NoAnswerIsOfTwoStates(string name)
    {
        var (model, input, run) = Model(name);
        using var disposing = model;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var digital = run(input);
        for (var round = 0; round < Rounds; round++)
        {
            using var inner = NewDisposeScope();
            var chip = model.Program(new InferenceConfig { Memory = new IdealMemory(), Map = PcmPresets.Inference.Map }, seed: round);
            var onChip = run(input);
            Meanwhile(run, input, [onChip, digital], () =>
            {
                Thread.Sleep(round % 5);
                chip.Dispose();
            });
            Assert.True(run(input).equal(digital).all().item<bool>());
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NoAnswerIsOfTwoTimes(string name)
    {
        var (model, input, run) = Model(name);
        using var disposing = model;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var chip = model.Program(PcmPresets.Inference with { Forward = new() }, seed: 1);
        double[] times = [0, 1e3, 1e6];
        var answers = times.Select(time =>
        {
            chip.DriftTo(time);
            return run(input);
        }).ToArray();
        Meanwhile(run, input, answers, () =>
        {
            for (var round = 0; round < 3 * Rounds; round++)
                chip.DriftTo(times[round % times.Length]);
        });
    }

    [Theory]
    [InlineData("in memory")]
    [InlineData("hardware-aware")]
    public void NoAnswerIsHalfDigital(string way)
    {
        var (model, input, run) = Model("a network");
        using var disposing = model;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        for (var round = 0; round < Rounds; round++)
        {
            using var inner = NewDisposeScope();
            model.train();
            model.ToAnalog(way == "in memory" ? PcmPresets.MspLsp : new HardwareAwareConfig { Forward = PcmPresets.EightBitPath with { OutputNoise = 0 } }, seed: round);
            model.eval();
            // Weights in memory are those of the devices, and stay so.
            var (analog, digital) = (run(input), (Tensor?)null);
            Meanwhile(run, input, null, () =>
            {
                Thread.Sleep(round % 5);
                model.ToDigital();
                digital = run(input).DetachFromDisposeScope();
            }, answer => answer.equal(analog).all().item<bool>() || Wait(() => digital) is { } now && answer.equal(now).all().item<bool>());
        }
    }

    [Fact]
    public void TheExceptionIsASentenceAndTheModelGoesOn()
    {
        var fc1 = Linear(4, 4);
        using var model = Sequential(("fc1", fc1), ("fc2", Linear(4, 2)));
        using var scope = NewDisposeScope();
        model.eval();
        var chip = model.Program(PcmPresets.Inference, seed: 1);
        var hook = fc1.register_forward_hook((_, _, _) =>
        {
            chip.Dispose();
            return null!;
        });
        using var noGrad = no_grad();
        var message = Assert.Throws<ObjectDisposedException>(() => model.call(ones(1, 4))).Message;
        Assert.Contains("chip", message, StringComparison.Ordinal);
        Sentence.Check(message);
        hook.remove();
        Assert.Equal([1, 2], model.call(ones(1, 4)).shape);
        Sentence.Check(Assert.Throws<ObjectDisposedException>(() => chip.ReadAnew()).Message);
    }

    private static (Module<Tensor, Tensor> Model, Tensor Input, Func<Tensor, Tensor> Run) Model(string name)
    {
        Module<Tensor, Tensor> model = name switch
        {
            "Linear" => Linear(5, 4),
            "Conv2d" => Sequential(Conv2d(3, 4, 3), ReLU(), Conv2d(4, 4, 3)),
            "LSTM" => new Sequences(),
            _ => Sequential(Linear(5, 6), Tanh(), BatchNorm1d(6), Linear(6, 6), Tanh(), Linear(6, 3)),
        };
        model.eval();
        var input = name switch { "Conv2d" => rand(2, 3, 7, 6), "LSTM" => rand(6, 3, 5), _ => rand(3, 5) };
        return (model, input, name.StartsWith("forward", StringComparison.Ordinal) ? x => model.forward(x) : x => model.call(x));
    }

    /// <summary>Runs a model on several threads while something is done to it, until one more answer after it.</summary>
    private static void Meanwhile(Func<Tensor, Tensor> run, Tensor input, Tensor[]? answers, Action action, Func<Tensor, bool>? isRight = null)
    {
        isRight ??= answer => answers!.Any(right => answer.equal(right).all().item<bool>());
        var wrong = new List<string>();
        var isOver = false;
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            using var noGrad = no_grad();
            for (var isLast = false; !isLast;)
            {
                isLast = Volatile.Read(ref isOver);
                using var scope = NewDisposeScope();
                var what = "a wrong answer";
                try
                {
                    var answer = run(input);
                    if (answer.shape[0] > 0 && isRight(answer))
                        continue;
                }
                catch (ObjectDisposedException e) when (e.Message.Contains("during this call", StringComparison.Ordinal) || e.Message.Contains("was disposed of;", StringComparison.Ordinal))
                {
                    continue;
                }
                catch (Exception e)
                {
                    what = e.ToString();
                }
                lock (wrong)
                    wrong.Add(what);
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        action();
        Volatile.Write(ref isOver, true);
        foreach (var thread in threads)
            thread.Join();
        Assert.Empty(wrong);
    }

    private static Tensor? Wait(Func<Tensor?> value)
    {
        SpinWait.SpinUntil(() => value() is not null, 10_000);
        return value();
    }

    private sealed class Sequences : Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.LSTM lstm = LSTM(5, 4);
        private readonly TorchSharp.Modules.Linear head = Linear(4, 2);

        public Sequences() : base(nameof(Sequences)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(lstm.call(input).Item1);
    }
}
