using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Habits;

/// <summary>What a user does with a layer, and what comes of it.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Do">Does it; what is returned must be the same on ideal hardware.</param>
/// <param name="NeedsTraining">Whether it trains the layer.</param>
public sealed record Habit(string Name, Action<HabitRun> Do, bool NeedsTraining = true)
{
    /// <summary>All of them; a new one is one new line.</summary>
    public static IReadOnlyList<Habit> All { get; } =
    [
        new("evaluation without gradients", run => run.See(run.Without(no_grad())), NeedsTraining: false),
        new("evaluation in inference mode", run => run.See(run.Without(inference_mode())), NeedsTraining: false),
        new("evaluation that forgets no_grad", run =>
        {
            run.Layer.eval();
            run.See(run.Call(1));
        }, NeedsTraining: false),
        new("forward in place of call", run => run.See(run.Kind.RunForward(run.Eval(), run.Kind.Input(1))), NeedsTraining: false),
        new("gradients by the input alone", run =>
        {
            var x = run.Kind.Input(1).requires_grad_(true);
            run.See(autograd.grad([run.Kind.Run(run.Eval(), x).square().sum()], [x])[0]);
        }, NeedsTraining: false),
        new("no samples", run =>
        {
            long[] shape = [.. run.Kind.Shape];
            shape[run.Kind.SampleDimension] = 0;
            run.See(run.Kind.Run(run.Eval(), zeros(shape)));
        }, NeedsTraining: false),
        new("a step without samples", run =>
        {
            long[] shape = [.. run.Kind.Shape];
            shape[run.Kind.SampleDimension] = 0;
            var x = zeros(shape).requires_grad_(true);
            run.Optimizer.zero_grad();
            var y = run.Kind.Run(run.Layer, x);
            run.See(y);
            y.square().sum().backward();
            run.See(x.grad ?? zeros(shape));
            run.Step();
            run.Step(1);
        }),
        new("an input that is a view", run =>
        {
            var last = run.Kind.Shape.Length - 1;
            var wide = cat([run.Kind.Input(1), run.Kind.Input(2)], last);
            run.See(run.Kind.Run(run.Eval(), wide.narrow(last, 1, run.Kind.Shape[last])));
            run.See(run.Kind.Run(run.Layer, run.Kind.Input(1).transpose(0, last).contiguous().transpose(0, last)));
        }, NeedsTraining: false),
        new("packed sequences", run =>
        {
            var packed = nn.utils.rnn.pack_padded_sequence(run.Kind.Input(1), tensor(new long[] { 4, 6, 1 }), enforce_sorted: false);
            run.Eval();
            foreach (var result in run.Kind.RunPacked!(run.Layer, packed))
                run.See(result);
        }, NeedsTraining: false),
        new("training on packed sequences", run =>
        {
            var packed = nn.utils.rnn.pack_padded_sequence(run.Kind.Input(1), tensor(new long[] { 6, 4, 1 }));
            run.Optimizer.zero_grad();
            run.Kind.RunPacked!(run.Layer, packed).Aggregate(zeros(1), (sum, result) => sum + result.square().sum()).backward();
            run.Step();
        }),
        new("a step", run => run.Step(1)),
        new("several steps", run =>
        {
            for (var step = 0; step < 4; step++)
                run.Step(step);
        }),
        new("zero_grad between forward and backward", run =>
        {
            for (var step = 0; step < 2; step++)
            {
                var loss = run.Loss(step);
                run.Optimizer.zero_grad();
                loss.backward();
                run.Step();
            }
        }),
        new("zero_grad of the model", run =>
        {
            foreach (var toNone in new[] { true, false })
            {
                run.Loss(5).backward(); // which no step uses
                run.Layer.zero_grad(toNone);
                run.Loss(6).backward();
                run.Step();
                run.Layer.zero_grad(toNone);
            }
        }),
        new("no zero_grad between two steps", run =>
        {
            run.Loss(1).backward();
            run.Step();
            run.Loss(2).backward();
            run.Step();
            run.Step();
        }),
        new("gradients set to null by hand", run =>
        {
            run.Loss(1).backward();
            foreach (var parameter in run.Layer.parameters())
                parameter.grad = null;
            run.Loss(2).backward();
            run.Step();
        }),
        new("accumulation over batches", run =>
        {
            run.Optimizer.zero_grad();
            for (var batch = 0; batch < 3; batch++)
                (run.Loss(batch) / 3).backward();
            run.Step();
        }),
        new("several losses of one pass", run =>
        {
            run.Optimizer.zero_grad();
            var y = run.Call(1);
            y.square().sum().backward(retain_graph: true);
            y.sum().backward();
            run.Step();
            run.Step(2); // at which a pass that failed is reported, where torch's own optimizer steps
        }),
        new("the sum of several losses", run =>
        {
            run.Optimizer.zero_grad();
            var y = run.Call(1);
            (y.square().sum() + y.sin().sum()).backward();
            run.Step();
        }),
        new("clipping by norm", run =>
        {
            foreach (var limit in new[] { 0.01, 1e6 })
            {
                run.Optimizer.zero_grad();
                run.Loss(1).backward();
                run.See(tensor(nn.utils.clip_grad_norm_(run.Layer.parameters(), limit)));
                run.Step();
            }
        }),
        new("clipping by the largest value's norm", run =>
        {
            run.Optimizer.zero_grad();
            run.Loss(1).backward();
            run.See(tensor(nn.utils.clip_grad_norm_(run.Layer.parameters(), 0.01, double.PositiveInfinity)));
            run.Step();
        }),
        new("clipping by value, wide", run =>
        {
            run.Optimizer.zero_grad();
            run.Loss(1).backward();
            nn.utils.clip_grad_value_(run.Layer.parameters(), 1e6);
            run.Step();
        }),
        new("clipping by value, tight", run =>
        {
            run.Optimizer.zero_grad();
            run.Loss(1).backward();
            nn.utils.clip_grad_value_(run.Layer.parameters(), 0.001);
            run.Step();
        }),
        new("looking at gradients", run =>
        {
            run.Optimizer.zero_grad();
            run.Loss(1).backward();
            foreach (var parameter in run.Layer.parameters())
                run.See(parameter.grad!);
            run.Step();
        }),
        new("scaling gradients", run =>
        {
            run.Optimizer.zero_grad();
            run.Loss(1).backward();
            foreach (var parameter in run.Layer.parameters())
                parameter.grad!.mul_(0.25f);
            run.Loss(2).backward(); // on top of what was scaled
            run.Step();
        }),
        new("noise on gradients", run =>
        {
            run.Optimizer.zero_grad();
            run.Loss(1).backward();
            foreach (var parameter in run.Layer.parameters())
                parameter.grad!.add_(parameter.sin());
            run.Step();
        }),
        new("gradient penalty", run =>
        {
            run.Optimizer.zero_grad();
            var x = run.Kind.Input(1).requires_grad_(true);
            var slope = autograd.grad([run.Kind.Run(run.Layer, x).sum()], [x], create_graph: true)[0];
            slope.square().mean().backward();
            run.Step();
            run.Step(2); // likewise
        }),
        new("autograd.grad by parameters", run =>
        {
            foreach (var gradient in autograd.grad([run.Loss(1)], [.. run.Layer.parameters()]))
                run.See(gradient);
            run.Step(); // which has nothing to do
        }),
        new("freezing in the middle", run =>
        {
            run.Step(1);
            foreach (var parameter in run.Layer.parameters())
                parameter.requires_grad = false;
            var head = nn.Parameter(tensor(0.5f));
            run.Optimizer.zero_grad();
            (run.Call(2) * head).square().sum().backward();
            run.Step();
            foreach (var parameter in run.Layer.parameters())
                parameter.requires_grad = true;
            run.Step(3);
        }),
        new("training in eval mode", run =>
        {
            run.Layer.eval();
            run.Step(1);
            run.Layer.train();
            run.Step(2);
        }),
        new("one layer used twice", run =>
        {
            run.Optimizer.zero_grad();
            (run.Call(1).square().sum() + run.Call(2).sin().sum()).backward();
            run.Step();
        }),
        new("weights changed in place", run =>
        {
            run.Step(1);
            using (no_grad())
                foreach (var parameter in run.Layer.parameters())
                    parameter.mul_(0.9f).add_(0.01f);
            run.See(run.Call(2));
            run.Step(2);
        }),
        new("weights changed between backward and step", run =>
        {
            run.Optimizer.zero_grad();
            run.Loss(1).backward();
            using (no_grad())
                foreach (var parameter in run.Layer.parameters())
                    parameter.mul_(0.9f);
            run.Step();
        }),
        new("weights started anew", run =>
        {
            foreach (var parameter in run.Layer.parameters())
                nn.init.constant_(parameter, 0.125);
            run.Step(1);
        }),
        new("weights written through memory, then saved and loaded", run =>
        {
            using var file = new MemoryStream();
            run.Layer.save(file);
            run.Step(1);
            file.Position = 0;
            run.Layer.load(file);
            run.See(run.Call(2));
            run.Step(2);
        }),
        new("load_state_dict", run =>
        {
            using var other = run.Kind.Fresh();
            using (no_grad())
                foreach (var parameter in other.parameters())
                    parameter.neg_();
            run.Layer.load_state_dict(other.state_dict());
            run.See(run.Call(2));
            run.Step(2);
        }),
        new("load_state_dict, not strict", run =>
        {
            using var other = run.Kind.Fresh();
            using (no_grad())
                foreach (var parameter in other.parameters())
                    parameter.neg_();
            run.Layer.load_state_dict(other.state_dict(), strict: false);
            run.Step(2);
        }),
        new("loading a digital file", run =>
        {
            using var other = run.Kind.Fresh();
            using (no_grad())
                foreach (var parameter in other.parameters())
                    parameter.neg_();
            using var file = new MemoryStream();
            other.save(file);
            foreach (var strict in new[] { true, false })
            {
                file.Position = 0;
                run.Layer.load(new MemoryStream(file.ToArray()), strict);
                run.See(run.Call(2));
                run.Step(2);
            }
        }),
        new("set_", run =>
        {
            using (no_grad())
                foreach (var parameter in run.Layer.parameters())
                    parameter.set_(parameter.detach().mul(0.5f).DetachFromDisposeScope());
            run.See(run.Call(1));
            run.Step(1);
        }),
        new("averaging of weights", run =>
        {
            var average = run.Layer.parameters().Select(parameter => parameter.detach().clone()).ToArray();
            run.Step(1);
            using (no_grad())
                foreach (var (parameter, mean) in run.Layer.parameters().Zip(average))
                    parameter.copy_(mean.mul_(0.5f).add_(parameter.detach() * 0.5f));
            run.Step(2);
        }),
        new("moving to where it is", run =>
        {
            run.To(ScalarType.Float32);
            run.Step(1);
        }),
        new("another dtype", run =>
        {
            run.To(ScalarType.Float64);
            run.See(run.Kind.Run(run.Layer, run.Kind.Input(1).to_type(ScalarType.Float64)));
        }, NeedsTraining: false),
        new("a rate of nothing", run =>
        {
            run.Optimizer.ParamGroups.Single().LearningRate = 0;
            run.Step(1);
        }),
        new("a scheduler", run =>
        {
            var scheduler = optim.lr_scheduler.StepLR(run.Optimizer, 1, 0.5);
            for (var step = 0; step < 3; step++)
            {
                run.Step(step);
                scheduler.step();
            }
        }),
        new("a closure", run =>
        {
            run.Optimizer.step(() =>
            {
                run.Optimizer.zero_grad();
                var loss = run.Loss(1);
                loss.backward();
                return loss;
            });
            run.SeeParameters();
        }),
    ];

    public bool Concerns(HabitKind kind) => !Name.Contains("packed", StringComparison.Ordinal) || kind.RunPacked is not null;
}

/// <summary>A layer under a habit, and what is seen of it.</summary>
public sealed class HabitRun(HabitKind kind, nn.Module layer, optim.Optimizer optimizer)
{
    private readonly List<Tensor> seen = [];

    public HabitKind Kind => kind;

    public nn.Module Layer => layer;

    public optim.Optimizer Optimizer => optimizer;

    public IReadOnlyList<Tensor> Seen => seen;

    public void See(Tensor tensor) => seen.Add(tensor.detach().clone());

    public void SeeParameters()
    {
        foreach (var parameter in layer.parameters())
            See(parameter);
    }

    public nn.Module Eval()
    {
        layer.eval();
        return layer;
    }

    public void To(ScalarType type)
    {
        TorchSharp.ModuleExtensionMethods.cpu(layer);
        TorchSharp.ModuleExtensionMethods.to(layer, type);
    }

    public Tensor Call(int seed) => kind.Run(layer, kind.Input(seed));

    public Tensor Loss(int seed) => Call(seed).square().mean();

    public Tensor Without(IDisposable mode)
    {
        using (mode)
            return kind.Run(Eval(), kind.Input(1)).clone();
    }

    /// <summary>Zeroes gradients, goes back through a loss, and steps.</summary>
    public void Step(int seed)
    {
        optimizer.zero_grad();
        Loss(seed).backward();
        Step();
    }

    public void Step()
    {
        optimizer.step();
        SeeParameters();
    }
}
