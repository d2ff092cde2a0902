using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Leads calls of a sealed torch module around its own <c>forward</c>.</summary>
/// <remarks>
/// One hook keeps the input and hands the module a stand-in without samples, whose digital product costs next to nothing; the other returns
/// what the tiles give. Hooks run when a module is called, not when its <c>forward</c> is. Hooks of others, registered before or after, see the real
/// input and output: ours is the last before and the first after. What a call keeps belongs to its thread, so threads may share a module. Lists of hooks are
/// replaced, never changed, since other threads may be running through them.
/// </remarks>
internal static partial class StandInHooks
{
    internal const string ModulePreHooks = "module_pre_hooks", ModulePostHooks = "module_post_hooks";
    private const string PreHooks = "pre_hooks", PostHooks = "post_hooks";
    private static long hooksAdded;

    /// <summary>Hooks of a module from tensor to tensor.</summary>
    /// <param name="module">The module.</param>
    /// <param name="gate">The gate of its tiles.</param>
    /// <param name="standIn">Makes an input without samples.</param>
    /// <param name="run">What the tiles give.</param>
    public static IDisposable Install(nn.Module<Tensor, Tensor> module, LayerGate gate, Func<Tensor> standIn, Func<Tensor, Tensor> run)
    {
        var exchange = new Exchange<Tensor, Tensor>(module, gate, run, run.Target, (input, real, isSeen) => Return(input, real, isSeen), output => output.Dispose());
        return exchange.Begin(
            (nn.Module<Tensor, Tensor> _, Tensor input) =>
            {
                exchange.Park(input);
                return standIn();
            },
            (nn.Module<Tensor, Tensor> _, Tensor input, Tensor output) => exchange.Run(input, output));
    }

    /// <summary>Hooks of a module with a state, or a second input.</summary>
    /// <param name="module">The module.</param>
    /// <param name="gate">The gate of its tiles.</param>
    /// <param name="standIn">Makes an input without samples, and the state that goes with it.</param>
    /// <param name="run">What the tiles give.</param>
    /// <param name="release">Disposes of a stand-in's results.</param>
    /// <param name="releaseState">Disposes of a stand-in's state.</param>
    public static IDisposable Install<TState, TResult>(
        nn.Module<Tensor, TState, TResult> module, LayerGate gate, Func<(Tensor Input, TState State)> standIn, Func<Tensor, TState, TResult> run, Action<TResult> release,
        Action<TState> releaseState)
    {
        var exchange = new Exchange<(Tensor Input, TState State), TResult>(
            module, gate, call => run(call.Input, call.State), run.Target,
            (call, real, isSeen) =>
            {
                Return(call.Input, real.Input, isSeen);
                releaseState(call.State);
            },
            release);
        return exchange.Begin(
            new Func<nn.Module<Tensor, TState, TResult>, Tensor, TState, (Tensor, TState)?>((_, input, state) =>
            {
                exchange.Park((input, state));
                return standIn();
            }),
            (nn.Module<Tensor, TState, TResult> _, Tensor input, TState state, TResult output) => exchange.Run((input, state), output));
    }

    /// <summary>Hooks that see the real input of a module, on tiles or not, and change its output.</summary>
    /// <param name="module">The module.</param>
    /// <param name="change">Gives an output in place of the module's own, from input and output.</param>
    public static IDisposable Observe(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor> change) => Observe(module, _ => { }, change);

    /// <summary>Hooks that see the real input and output of a module, on tiles or not, and change nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each input before the module runs.</param>
    /// <param name="seen">Told of each call.</param>
    /// <param name="left">Told when a call has ended.</param>
    public static IDisposable Watch(nn.Module<Tensor, Tensor> module, Action<Tensor> entering, Action<LayerCall> seen, Action left) => Observe(module, entering, (input, output) =>
    {
        seen(new(input.shape, input.requires_grad, output.shape));
        left();
        return output;
    });

    /// <summary>A hook that sees the real input of a module with a state, on tiles or not, and changes nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each input and state before the module runs.</param>
    /// <param name="seen">Told of each call.</param>
    /// <param name="left">Told when a call has ended.</param>
    public static IDisposable Watch<TState, TResult>(nn.Module<Tensor, TState, TResult> module, Action<Tensor, TState> entering, Action<LayerCall> seen, Action left)
    {
        var before = Add(module, PreHooks, new Func<nn.Module<Tensor, TState, TResult>, Tensor, TState, (Tensor, TState)?>((_, input, state) => // ahead of the stand-in's
        {
            Enter((input, state));
            return (input, state);
        }), first: true);
        var after = Add(module, ModulePostHooks, (nn.Module _) => left(), first: false);
        var led = LayerPort.For<(Tensor Input, TState State), TResult>(module).Add(Enter, (_, result) =>
        {
            left();
            return result;
        });
        return new Removal(() =>
        {
            before.Dispose();
            after.Dispose();
            led.Dispose();
        });

        void Enter((Tensor Input, TState State) call)
        {
            entering(call.Input, call.State);
            seen(new(call.Input.shape, call.Input.requires_grad, []) { Others = call.State is Tensor second ? [second.shape] : [] });
        }
    }

    private static Removal Observe(nn.Module<Tensor, Tensor> module, Action<Tensor> entering, Func<Tensor, Tensor, Tensor> change)
    {
        var seen = new ThreadLocal<Tensor?>();
        var before = Add(module, PreHooks, (nn.Module<Tensor, Tensor> _, Tensor input) => // ahead of the stand-in's
        {
            entering(input);
            return seen.Value = input;
        }, first: true);
        var after = Add(module, PostHooks, (nn.Module<Tensor, Tensor> _, Tensor _, Tensor output) =>
        {
            var input = seen.Value!;
            seen.Value = null;
            return change(input, output);
        }, first: false);
        var led = LayerPort.For<Tensor, Tensor>(module).Add(entering, change);
        return new Removal(() =>
        {
            before.Dispose();
            after.Dispose();
            led.Dispose();
        });
    }

    /// <summary>Makes a stand-in what the real input is, for hooks of others that come after ours, or disposes of it if there are none.</summary>
    private static void Return(Tensor standIn, Tensor real, bool isSeen)
    {
        if (isSeen)
        {
            var alias = real.alias();
            (Handle(alias), Handle(standIn)) = (Handle(standIn), Handle(alias));
            alias.Dispose();
        }
        else
        {
            standIn.Dispose();
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "handle")]
    private static extern ref nint Handle(Tensor tensor);

    /// <summary>Adds a hook before or after all that a module has, until what is returned is disposed of.</summary>
    internal static Removal Add(nn.Module module, string list, Delegate hook, bool first) => Add(module, list, hook, first, out _);

    private static Removal Add(nn.Module module, string list, Delegate hook, bool first, out string key)
    {
        var own = key = $"AnalogTorch {Interlocked.Increment(ref hooksAdded)}";
        Change(module, list, hooks =>
        {
            hooks.Add(own, hook);
            Put(hooks, own, first);
        });
        return new Removal(() => Change(module, list, hooks => hooks.Remove(own)));
    }

    /// <summary>Whether torch calls hooks of a module; some of its containers are never called.</summary>
    internal static bool HasHooks(nn.Module module) => FieldOf(module, PreHooks) is not null;

    /// <summary>Torch's own list of the hooks of a module, to be looked at.</summary>
    private static IDictionary HooksOf(nn.Module module, string list) => FieldOf(module, list)?.GetValue(module) as IDictionary
        ?? throw new NotSupportedException($"{LayerKind.NameOf(module)} cannot be converted: this version of TorchSharp keeps hooks in another way; use version 0.107.0.");

    /// <summary>Puts a changed copy in the place of the list, so that calls which are running through it meet the old one to its end.</summary>
    internal static void Change(nn.Module module, string list, Action<IDictionary> change)
    {
        var hooks = HooksOf(module, list);
        lock (module)
        {
            var copy = (IDictionary)Activator.CreateInstance(hooks.GetType(), HooksOf(module, list))!;
            change(copy);
            FieldOf(module, list)!.SetValue(module, copy);
        }
    }

    private static FieldInfo? FieldOf(nn.Module module, string list)
    {
        FieldInfo? field = null;
        for (var type = module.GetType(); type is not null && field is null; type = type.BaseType)
            field = type.GetField(list, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
        return field;
    }

    /// <summary>Puts one of several hooks before or after the others.</summary>
    /// <remarks>A dictionary gives the place of a hook that was removed to the next that comes, so the order of registration is not enough.</remarks>
    private static void Put(IDictionary hooks, object key, bool first)
    {
        var own = (Key: key, Hook: hooks[key]);
        var others = hooks.Keys.Cast<object>().Where(other => !other.Equals(key)).Select(other => (Key: other, Hook: hooks[other])).ToArray();
        hooks.Clear();
        foreach (var (name, hook) in first ? [own, .. others] : (IEnumerable<(object, object?)>)[.. others, own])
            hooks.Add(name, hook);
    }

    /// <summary>The exchange of inputs of one module against stand-ins.</summary>
    private sealed class Exchange<TInput, TResult>(
        nn.Module module, LayerGate gate, Func<TInput, TResult> run, object? runner, Action<TInput, TInput, bool> giveBack, Action<TResult> release)
    {
        private readonly ThreadLocal<(bool IsThere, TInput Input)> parked = new();
        private string preKey = "", postKey = "";

        public IDisposable Begin(Delegate before, Delegate after)
        {
            // The one that takes the stand-in's output comes first and goes last, so that no call ends with it.
            var post = Add(module, PostHooks, after, first: true, out postKey);
            var pre = Add(module, PreHooks, before, first: false, out preKey);
            var order = Add(module, ModulePreHooks, (nn.Module _) => KeepOrder(), first: false);
            var port = LayerPort.For<TInput, TResult>(module);
            (port.Run, port.Runner) = (run, runner);
            return new Removal(() =>
            {
                pre.Dispose();
                order.Dispose();
                post.Dispose();
                (port.Run, port.Runner) = (null, null);
            });
        }

        /// <summary>Keeps the real input; the read has begun, so that nobody takes our hooks away before it has ended.</summary>
        public void Park(TInput input)
        {
            if (!parked.Value.IsThere) // else torch failed on the last stand-in
                gate.Enter();
            parked.Value = (true, input);
        }

        public TResult Run(TInput standIn, TResult output)
        {
            var (isThere, real) = parked.Value;
            if (!isThere && gate.IsClosed)
                return output; // of torch itself, whose call began without our hooks
            if (!isThere)
                throw new InvalidOperationException($"{LayerKind.NameOf(module)} lost its input: its hooks were removed during a call; convert the model when it is not running.");
            parked.Value = default;
            try
            {
                release(output);
                giveBack(standIn, real, HooksOf(module, PostHooks).Count > 1);
                return run(real);
            }
            finally
            {
                gate.Leave();
            }
        }

        /// <summary>Brings our hooks back to their places if others came since the last call.</summary>
        private void KeepOrder()
        {
            IDictionary preHooks = HooksOf(module, PreHooks), postHooks = HooksOf(module, PostHooks);
            if (preHooks.Count > 1 && !preHooks.Keys.Cast<object>().Last().Equals(preKey))
                Change(module, PreHooks, hooks => Put(hooks, preKey, first: false));
            if (postHooks.Count > 1 && !postHooks.Keys.Cast<object>().First().Equals(postKey))
                Change(module, PostHooks, hooks => Put(hooks, postKey, first: true));
        }
    }
}
